"""The configuration: read from a TOML file and the environment, checked as a whole, then never changed.

`load` gives a `Config` or raises `ConfigError` with every fault named by its key; the other modules are its
parts: `settings` the tables and keys, `hours`, `channels`, `addresses`, `kinds` and `rota` what may stand in them,
`files` and `environment` the sources, `faults` the words for what is wrong.
"""

from bot.config.faults import ConfigError, Fault
from bot.config.load import check, load, warnings
from bot.config.settings import Config

__all__ = ["Config", "ConfigError", "Fault", "check", "load", "warnings"]
