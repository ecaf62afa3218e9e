"""Moments as the tables have them: whole milliseconds since 1970 in UTC."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    # Leases compare the clocks of machines; they last far longer than clocks that are kept by NTP can differ.
    return time.time_ns() // 1_000_000


def aware(milliseconds: int) -> datetime:
    """As people and JSON have it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def maybe(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else aware(milliseconds)


def in_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
