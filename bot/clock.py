"""The only place where the clock and chance are read.

Two times exist. The *desk's time* (`now`) is what waits, opening hours and promises are measured in; it is the
store's clock, so that all replicas agree. *Real time* (`monotonic`) drives retries, leases and timeouts.
They differ only in `jono demo`, where the desk's time runs `speed` times faster than real time.
"""

from __future__ import annotations

import asyncio
import base64
import random
import time

# The letters of Crockford's base 32, without the look-alikes I, L, O and U: https://www.crockford.com/base32.html
CASE_PAIRS = tuple(letter + digit for letter in "ABCDEFGHJKMNPQRSTVWXYZ" for digit in "0123456789")


class Clock:
    """The desk's time in epoch seconds, kept in step with the store's clock by `follow`."""

    def __init__(self, speed: float = 1.0, started_at: float | None = None) -> None:
        self.speed = speed
        self._origin = time.monotonic()
        self._real_start = time.time()
        self._desk_start = self._real_start if started_at is None else started_at

    def now(self) -> float:
        """The desk's time, epoch seconds to the millisecond."""
        return round(self._desk_start + (time.monotonic() - self._origin) * self.speed, 3)

    def real(self) -> float:
        """Real time by the store's clock, epoch seconds."""
        return self._real_start + time.monotonic() - self._origin

    def follow(self, store_time: float) -> None:
        """Correct both times by what the store's clock says (epoch seconds)."""
        drift = store_time - self.real()
        self._real_start += drift
        self._desk_start += drift

    @staticmethod
    async def pause(real_s: float) -> None:
        """Sleep for a length of real time."""
        await asyncio.sleep(real_s)

    @staticmethod
    def monotonic() -> float:
        """Real seconds since some moment; never jumps."""
        return time.monotonic()


class Chance:
    """All randomness: seeded in tests and the demo, the system's otherwise."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)  # noqa: S311 - nothing secret is drawn from it

    def case_id(self) -> str:
        """A new case id such as K7Q2M4: letters and digits in turn, so that no word of a text looks like one.

        There are ten million of them; the store refuses one that is taken.
        """
        number = int(self.random.random() * len(CASE_PAIRS) ** 3)
        number, last = divmod(number, len(CASE_PAIRS))
        first, middle = divmod(number, len(CASE_PAIRS))
        return CASE_PAIRS[first] + CASE_PAIRS[middle] + CASE_PAIRS[last]

    def process_name(self) -> str:
        """What tells this process from all others that share its store: 64 bits."""
        # Not from the seed: two processes of one test must not take each other for themselves.
        return f"{random.SystemRandom().getrandbits(64):016x}"

    @staticmethod
    def secret() -> bytes:
        """A key that nobody can guess, whatever the seed: 256 bits."""
        return random.SystemRandom().randbytes(32)

    @staticmethod
    def code() -> str:
        """Something that nobody can guess and people can type: 80 bits in 16 characters."""
        return base64.b32encode(random.SystemRandom().randbytes(10)).decode()

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, `limit`."""
        return int(self.random.random() * limit)

    def backoff(self, attempt: int, base_s: float, cap_s: float) -> float:
        """Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/"""
        ceiling: float = min(cap_s, base_s * float(2 ** min(attempt, 30)))
        return self.random.uniform(ceiling / 2, ceiling)
