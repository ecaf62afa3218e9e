"""The doubts that can be cast on a value, as bits of one number, and which of them hide it from models."""

from enum import IntFlag
from typing import Literal, get_args

Doubt = Literal[
    "missing",
    "duplicate",
    "frozen",
    "spike",
    "unit",
    "sign",
    "clock",
    "above_capacity",
    "night_output",
    "curtailed",
    "off_step",
    "partly_available",
    "corrected",
    "early",
]


class Flag(IntFlag):
    """One bit per doubt; the numbers are in the database and never change."""

    MISSING = 1
    DUPLICATE = 2
    FROZEN = 4
    SPIKE = 8
    UNIT = 16
    SIGN = 32
    CLOCK = 64
    ABOVE_CAPACITY = 128
    NIGHT_OUTPUT = 256
    CURTAILED = 512
    OFF_STEP = 1024
    PARTLY_AVAILABLE = 2048
    CORRECTED = 4096
    EARLY = 8192


KEPT = Flag.DUPLICATE | Flag.OFF_STEP | Flag.PARTLY_AVAILABLE | Flag.CORRECTED
"""With only these a value is as good as any; every other doubt makes it missing for training."""
MASKING = ~KEPT & Flag(2 * Flag.EARLY - 1)
DOUBTS: tuple[Doubt, ...] = get_args(Doubt)


def named(flags: int) -> tuple[Doubt, ...]:
    """The doubts in words."""
    return tuple(doubt for doubt in DOUBTS if flags & Flag[doubt.upper()])
