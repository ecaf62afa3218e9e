"""Write the shipped case of every province anew from its card: `python -m grid_models.provinces`."""

from pathlib import Path

from grid_models.formats import write_case
from grid_models.provinces import PROVINCES
from grid_models.provinces.builder import peak_day
from grid_models.provinces.card import read_card

HERE = Path(__file__).parent

for name in PROVINCES:
    folder = HERE / f"{name}_peak_day"
    folder.mkdir(exist_ok=True)
    write_case(peak_day(read_card(name)), folder / "case.yaml")
    print(f"{folder / 'case.yaml'} is written")
