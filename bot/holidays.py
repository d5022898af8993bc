"""Public holidays by country: dates and names, from the `holidays` library, which only this module imports.

It answers which dates are days off in a country or a part of it; whether the desk closes on them is decided
by the configuration. Invariant: it works from the installed library alone, without network or clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import holidays


def closed_days(country: str, subdivision: str | None, years: Iterable[int]) -> Mapping[date, str]:
    """The public holidays of these years, each with its name in the country's own language.

    `country` is an ISO 3166-1 code ("FI"), `subdivision` the second part of an ISO 3166-2 one ("BY" of
    "DE-BY"). Raises ValueError for one that the library does not know.
    """
    try:
        place = holidays.country_holidays(country.upper(), subdiv=subdivision)
    except NotImplementedError:
        code = f"{country}-{subdivision}" if subdivision else country
        raise ValueError(f"no public holidays are known for {code!r}; write one like FI or DE-BY") from None
    # Left to itself the library takes the language of the process it runs in.
    found = holidays.country_holidays(
        place.country, subdiv=subdivision, years=years, language=place.default_language
    )
    return {day: found[day] for day in sorted(found)}
