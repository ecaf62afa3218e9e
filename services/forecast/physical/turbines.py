"""The turbines whose power curves are known by name."""

import csv
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from services.forecast.errors import Unusable

TYPICAL_TURBINE = "V112/3075"
"""3 MW, 112 m, medium wind: near the middle of what stands; only the shape of its curve counts here."""


def known_turbine(name: str) -> str:
    """The name, if windpowerlib has a power curve of it."""
    if name not in turbines():
        near = get_close_matches(name, sorted(turbines()), n=3, cutoff=0.4)
        like = f", {' or '.join(near)} perhaps" if near else ""
        raise Unusable(
            f"wind.turbine: no power curve is known for {name}{like}; without it {TYPICAL_TURBINE} counts",
            field="wind.turbine",
        )
    return name


@cache
def turbines() -> frozenset[str]:
    """The names in windpowerlib's library of power curves: its table is read, for the package takes seconds to load."""
    package = find_spec("windpowerlib")
    assert package is not None
    assert package.origin is not None
    table = Path(package.origin).parent / "oedb" / "power_curves.csv"
    with table.open(encoding="utf-8", newline="") as file:
        return frozenset(row["turbine_type"] for row in csv.DictReader(file))
