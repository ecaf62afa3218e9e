"""The time zones that a case or a series may name."""

from zoneinfo import ZoneInfo


def known_timezone(value: str) -> str:
    """The IANA name, if it is one."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not an IANA time zone; accepted are names such as Asia/Shanghai or UTC") from error
    return value
