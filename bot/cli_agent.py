"""`jono agent link NAME`: a link that signs an agent in at the desk in the browser, once and within ten minutes.

NAME stands among the `agents` of a channel with the adapter web. Agents of other platforms write /desk to the bot.
"""

from __future__ import annotations

import argparse

from adapters.base import Site
from bot.cli_common import Failure, config_of, opened_store, with_config
from bot.clock import Chance, Clock
from bot.config import Config
from bot.fetch import open_session
from bot.signin import Agent, SignIn, enter_url
from bot.tools import open_channels
from bot.words import Words


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono agent`."""
    with_config(parser)
    parser.add_argument("action", choices=["link"], help="link: make a link that signs the agent in")
    parser.add_argument("name", metavar="NAME", help="as in the channel's agents")


async def agent(options: argparse.Namespace) -> int:
    """The command. Raises ConfigError, UnsafeStore, StoreDown, or Failure where NAME is no agent of a site chat."""
    config, clock = config_of(options), Clock()
    sites = await _sites(config, clock)
    if not sites:
        raise Failure('no channel has the adapter web; add one: [channels.site] adapter = "web"', code=2)
    channel = next((name for name in sites if options.name in config.channels[name].agents), None)
    if channel is None:
        named = " or ".join(f"channels.{name}.agents" for name in sites)
        raise Failure(f"{options.name} is not among the agents; add the name to {named}", code=2)
    async with opened_store(config, clock) as store:
        sign_in = SignIn(config, store.mail, sites[0], Chance())
        secret = await sign_in.link(Agent(channel, options.name, options.name))
    print(enter_url(config.server.public_url or f"http://{config.server.listen}", secret))
    return 0


async def _sites(config: Config, clock: Clock) -> list[str]:
    """The channels that customers reach with a browser."""
    words = Words(config.bot.language)
    async with open_session(allow_private=config.outgoing.allow_private) as session:
        channels = open_channels(config, words, clock, session)
        for channel in channels.values():
            await channel.aclose()
    return [name for name, channel in channels.items() if isinstance(channel, Site)]
