"""Every table and key of the configuration with its unit, default and range.

config.example.toml says the same to the operator, with the why; a test of the house holds the two together.
A table that is left out is an empty one: `bot.config.load` sees to that, and checks names across tables.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from bot.config.addresses import listen_address, public_address, split_listen
from bot.config.brand import BrandSettings
from bot.config.channels import Channel
from bot.config.hours import HoursSettings, TimeZone
from bot.config.kinds import Identifiers, Language, LanguageOrNone, Line, LineOrNone, Name, Settings
from bot.store.address import BadUrl, parse, redacted

DAY_S = 86_400
YEAR_DAYS = 366


class BotSettings(Settings):
    """Who speaks: the brand's name, the language where the customer's is unknown or has no texts, and the time
    zone of queues that are always open."""

    name: Line
    language: Language = "en"
    time_zone: TimeZone = "UTC"


def _signing_key(key: SecretStr) -> SecretStr:
    """Any 32 bytes are a private key of Ed25519."""
    try:
        length = len(b64decode(key.get_secret_value(), validate=True))
    except ValueError:
        length = -1
    if length not in (0, 32):
        raise ValueError("is not 32 bytes in base 64; make one with: openssl rand -base64 32")
    return key


class ServerSettings(Settings):
    """Our HTTP server, and its address as customers and platforms see it."""

    listen: Annotated[str, AfterValidator(listen_address)] = "127.0.0.1:8080"
    public_url: Annotated[str, AfterValidator(public_address)] = ""
    signing_key: Annotated[SecretStr, AfterValidator(_signing_key)] = SecretStr("")

    @property
    def host(self) -> str:
        """The host to bind, an IPv6 address without brackets."""
        return split_listen(self.listen)[0]

    @property
    def port(self) -> int:
        """The port to bind; 0 takes any free one."""
        return split_listen(self.listen)[1]


Unsafe = Literal["eviction", "no-persistence", "old-version", "replica"]


class StoreSettings(Settings):
    """Where everything is remembered. The address may hold a password."""

    url: SecretStr = Field(default=SecretStr("embedded:./data"), validate_default=True)
    allow_unsafe: tuple[Unsafe, ...] = ()

    @field_validator("url")
    @classmethod
    def _found_from_the_file(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        """An embedded store's folder counts from `info.context`, the configuration's folder."""
        text = url.get_secret_value()
        try:
            address = parse(text)
        except BadUrl as bad:
            raise ValueError(str(bad).removeprefix(f"{redacted(text)}: ")) from None
        if address.scheme == "embedded" and isinstance(info.context, Path):
            return SecretStr(f"embedded:{info.context / address.path}")
        return url


def _always(hours: object) -> object:
    if isinstance(hours, str) and hours != "always":
        raise ValueError(
            'is neither "always" nor a table; write [queues.NAME.hours] with a time_zone and days'
        )
    return None if hours == "always" else hours


class QueueSettings(Settings):
    """A line of cases. `hours` is None for "always"; an empty `team` is all channels' agents, and an empty `rota` no
    file (see `bot.config.rota`)."""

    title: LineOrNone = ""
    hours: Annotated[HoursSettings | None, BeforeValidator(_always)] = None
    quick_s: int = Field(default=120, ge=1, le=30 * DAY_S)
    target_s: int = Field(default=600, ge=1, le=30 * DAY_S)
    concurrency: int = Field(default=1, ge=1, le=100)
    overloaded_s: int = Field(default=1_800, ge=1, le=30 * DAY_S)
    team: Identifiers = ()
    rota: str = ""

    @field_validator("rota")
    @classmethod
    def _found_from_the_file(cls, rota: str, info: ValidationInfo) -> str:
        """A relative path counts from `info.context`, the configuration's folder."""
        return str(info.context / rota) if rota and isinstance(info.context, Path) else rota


class OutgoingSettings(Settings):
    """What our own requests may reach."""

    allow_private: bool = False


class DeskSettings(Settings):
    """How agents work with cases. An empty `language` is the bot's."""

    claim_lease_s: int = Field(default=900, ge=1, le=7 * DAY_S)
    off_duty_after_s: int = Field(default=28_800, ge=1, le=7 * DAY_S)
    close_after_s: int = Field(default=259_200, ge=1, le=YEAR_DAYS * DAY_S)
    session_s: int = Field(default=43_200, ge=60, le=30 * DAY_S)
    language: LanguageOrNone = ""


class PublishSettings(Settings):
    """How often the published wait is frozen anew, and how long its history is kept."""

    refresh_s: int = Field(default=300, ge=1, le=3_600)
    history_days: int = Field(default=30, ge=1, le=YEAR_DAYS)


class RetentionSettings(Settings):
    """How long what customers wrote is kept after the end, and how many events of a queue."""

    closed_cases_days: int = Field(default=30, ge=1, le=10 * YEAR_DAYS)
    events: int = Field(default=250_000, ge=1_000, le=10_000_000)


class LimitSettings(Settings):
    """The bound of everything that is read, queued, retried or kept."""

    body_bytes: int = Field(default=1_048_576, ge=1_024, le=16_777_216)
    requests_at_once: int = Field(default=1_000, ge=1, le=100_000)
    event_streams: int = Field(default=10_000, ge=1, le=100_000)
    text_chars: int = Field(default=16_000, ge=100, le=1_000_000)
    name_chars: int = Field(default=200, ge=10, le=10_000)
    id_chars: int = Field(default=256, ge=32, le=10_000)
    visitor_files_bytes: int = Field(default=50_000_000, ge=1, le=10_000_000_000)
    all_files_bytes: int = Field(default=500_000_000, ge=1, le=100_000_000_000)
    transcript_entries: int = Field(default=2_000, ge=10, le=100_000)
    send_attempts: int = Field(default=20, ge=1, le=1_000)


class LogSettings(Settings):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Settings):
    """The whole configuration."""

    bot: BotSettings
    brand: BrandSettings
    server: ServerSettings
    store: StoreSettings
    queues: Annotated[Mapping[Name, QueueSettings], Field(min_length=1)]
    channels: Annotated[Mapping[Name, Channel], Field(min_length=1)]
    outgoing: OutgoingSettings
    desk: DeskSettings
    publish: PublishSettings
    retention: RetentionSettings
    limits: LimitSettings
    log: LogSettings

    def title(self, queue: str) -> str:
        """A queue's name as customers read it."""
        return self.queues[queue].title or queue

    def zone(self, queue: str) -> ZoneInfo:
        """The time zone in which a queue's times are told."""
        hours = self.queues[queue].hours
        return ZoneInfo(hours.time_zone if hours else self.bot.time_zone)
