"""Provinces that ship with the package: a card of facts each, and the case of its peak day in the native format."""

from importlib.resources import as_file, files

from grid_models.case import Case
from grid_models.errors import BadInput

PROVINCES = ("zhejiang",)


def builtin_case(name: str = "zhejiang") -> Case:
    """The province's peak day as shipped; `BadInput` where we have none of that name."""
    from grid_models.formats import read_case

    if name not in PROVINCES:
        raise BadInput(name, f"is not a built-in province; there are {', '.join(PROVINCES)}")
    with as_file(files("grid_models.provinces").joinpath(f"{name}_peak_day")) as folder:
        return read_case(folder / "case.yaml").case
