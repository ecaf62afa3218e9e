"""Provinces that ship with the package: a card of facts each, and the case of its peak day in the native format.

The shipped case is by the hour; the same day in 96 points is built from the card when it is asked for.
"""

from importlib.resources import as_file, files

from grid_models.case import Case
from grid_models.errors import BadInput

PROVINCES = ("zhejiang",)
QUARTER_HOURS = "-96"
"""After the name of a province: its peak day in 96 points."""
NAMES = (*PROVINCES, *(name + QUARTER_HOURS for name in PROVINCES))


def builtin_case(name: str = "zhejiang") -> Case:
    """The province's peak day, by the hour or (`zhejiang-96`) by the quarter hour; `BadInput` for another name."""
    if name not in NAMES:
        raise BadInput(name, f"is not a built-in province; there are {', '.join(NAMES)}")
    return _quarter_hours(name.removesuffix(QUARTER_HOURS)) if name.endswith(QUARTER_HOURS) else _shipped(name)


def _shipped(name: str) -> Case:
    from grid_models.formats import read_case

    with as_file(files("grid_models.provinces").joinpath(f"{name}_peak_day")) as folder:
        return read_case(folder / "case.yaml").case


def _quarter_hours(name: str) -> Case:
    from grid_models.provinces.builder import peak_day
    from grid_models.provinces.card import read_card

    card = read_card(name)
    return peak_day(card.model_copy(update={"day": card.day.model_copy(update={"step_min": 15})}))
