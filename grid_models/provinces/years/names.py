"""What the resources of a day are called in Chinese."""

from collections.abc import Iterable

from grid_models.provinces.facts import ProvinceFacts
from grid_models.provinces.nation import Nation
from grid_models.provinces.years import flexible
from grid_models.provinces.years.balancing import EXCHANGE, RESERVOIR, RIVER, SMALL_PLANTS

GENERAL = {
    flexible.VEHICLES_NAME: "电动汽车有序充电",
    flexible.PLANT_NAME: "虚拟电厂",
    flexible.STORAGE_NAME: "新型储能",
    EXCHANGE: "省间交换",
    RESERVOIR: "水库水电",
    RIVER: "径流式水电",
    SMALL_PLANTS: "小型电厂",
    "onshore wind": "陆上风电",
    "offshore wind": "海上风电",
    "photovoltaic plants": "集中式光伏",
    "distributed photovoltaics": "分布式光伏",
}


def names_zh(facts: ProvinceFacts, nation: Nation, names: Iterable[str]) -> dict[str, str]:
    """By name, for those whose first words are known; a number behind them stays."""
    known = {**GENERAL, **{one.name: one.name_zh for one in nation.programmes}, facts.name: facts.name_zh}
    known |= {one.name: _station(one.name, one.name_zh) for one in facts.pumped_hydro if one.name_zh}
    for one in facts.thermal:
        label = nation.traits_named(one.traits).label_zh
        known[one.name] = f"{label}（{one.since} 年投产）" if one.since else label
    longest_first = sorted(known, key=len, reverse=True)
    found = {name: next((one for one in longest_first if _begins(name, one)), None) for name in names}
    return {name: known[one] + name[len(one) :] for name, one in found.items() if one is not None} | {
        facts.name: facts.name_zh
    }


def _begins(name: str, words: str) -> bool:
    """Whether the name is these words, or these and a number."""
    return name.startswith(words) and name[len(words) :].strip(" -0123456789") == ""


def _station(name: str, name_zh: str) -> str:
    number = name.rsplit(" ", 1)[-1]
    return f"{name_zh}抽蓄{number if number.isdigit() else ''}"
