"""Provinces that ship with the package: cards of facts, and cases built from them.

One province has a hand-written peak day (`PROVINCES`; by the hour it ships in the native format). Every province has a
card of its years (`cards/`), from which `years.build.build_province` makes 8,760 hours and the case of any day.
"""

from importlib.resources import as_file, files

from grid_models.case import Case
from grid_models.errors import BadInput

PROVINCES = ("zhejiang",)
"""With a hand-written peak day."""
QUARTER_HOURS = "-96"
"""After the name of a province: its peak day in 96 points."""
STUDY_YEAR = 2025
"""Of the peak days that are built from the cards of the years."""


def _with_card() -> tuple[str, ...]:
    cards = files("grid_models.provinces").joinpath("cards").iterdir()
    names = sorted(one.name.removesuffix(".yaml") for one in cards if one.name.endswith(".yaml"))
    return tuple(name for name in names if name not in ("nation", *PROVINCES))


CARDS = (*PROVINCES, *_with_card())
"""Every province that has a card of its years."""
NAMES = (*CARDS, *(name + QUARTER_HOURS for name in CARDS))


def builtin_case(name: str = "zhejiang") -> Case:
    """The province's peak day, by the hour or (`zhejiang-96`) by the quarter hour; `BadInput` for another name."""
    if name not in NAMES:
        raise BadInput(name, f"is not a built-in province; there are {', '.join(NAMES)}")
    province = name.removesuffix(QUARTER_HOURS)
    if province not in PROVINCES:
        return _built(province, 15 if name.endswith(QUARTER_HOURS) else 60)
    return _quarter_hours(province) if name.endswith(QUARTER_HOURS) else _shipped(name)


def _built(name: str, step_min: int) -> Case:
    """The day of the highest load of the study year, from the card of the years."""
    from grid_models.provinces.years.build import build_province

    study = build_province(name, STUDY_YEAR, weather_years=1)
    return study.day(study.peak_days(1)[0], step_min)


def _shipped(name: str) -> Case:
    from grid_models.formats import read_case

    with as_file(files("grid_models.provinces").joinpath(f"{name}_peak_day")) as folder:
        return read_case(folder / "case.yaml").case


def _quarter_hours(name: str) -> Case:
    from grid_models.provinces.builder import peak_day
    from grid_models.provinces.card import read_card

    card = read_card(name)
    return peak_day(card.model_copy(update={"day": card.day.model_copy(update={"step_min": 15})}))
