"""What a wind forecast looks at: speeds around the hour, their power by the farm's curve, shear, turn and spread."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.forecast import SeriesDescription, WindSite
from grid_models.quantities import Floats
from services.forecast.features.questions import Places, Questions
from services.forecast.features.table import News, Table, add_clock, add_news, longitudes
from services.forecast.features.weather import Grid, grids, mean_of, odd, read_at, rolling_mean
from services.forecast.physical import farm_response, wind
from services.forecast.physical.farm_response import FarmResponse
from services.forecast.physical.wind import FarmCurve

HEIGHT = re.compile(r"wind_(speed|u)_(\d+)m_m_per_s")
AROUND_H = (-3, -2, -1, 1, 2, 3, 4)
MEANS_H = (3, 7, 13, 25)
USUAL_SPEED_M_PER_S = 6.5


@dataclass(frozen=True)
class WindOnGrid:
    """Wind of one source: by height in metres, rows x grid points."""

    grid: Grid
    speeds: Mapping[int, Floats]
    east: Mapping[int, Floats]
    north: Mapping[int, Floats]
    hub_m_per_s: Floats
    """In standard air, at the hub of the row's farm."""
    former_hub_m_per_s: Floats
    """As the issue before said."""


def wind_on_grids(questions: Questions, sources: Sequence[str]) -> dict[str, WindOnGrid]:
    """Wind by source, for those sources that say anything about it."""
    return {
        source: _wind(questions, grid)
        for source, grid in grids(questions, sources).items()
        if any(HEIGHT.fullmatch(name) for name in grid.values)
    }


def expected_share(questions: Questions, hub_m_per_s: Floats, responses: Mapping[str, FarmResponse]) -> Floats:
    """Output over capacity that each row's farm makes of this wind."""
    farms = _Farms.of(questions, responses)
    share = np.full(hub_m_per_s.shape, np.nan)
    for curve, rows in farms.curves:
        share[rows] = farm_response.sent(curve, farms.factor[rows], farms.gain[rows], hub_m_per_s[rows])
    return share


def expected_at_steps(questions: Questions, sources: Sequence[str], responses: Mapping[str, FarmResponse]) -> Floats:
    """What physics expects, without any features: rows x steps, NaN where no source speaks."""
    lags_h = _Farms.of(questions, responses).lag_h
    consensus = [
        read_at(
            expected_share(questions, of.hub_m_per_s, responses),
            _middle(questions, of.grid) + lags_h / of.grid.step_h,
        )
        for of in wind_on_grids(questions, sources).values()
    ]
    return mean_of(consensus, questions.times.shape)


def wind_table(
    questions: Questions, sources: Sequence[str], responses: Mapping[str, FarmResponse]
) -> tuple[Table, Floats]:
    """The features, and the output share that physics expects: rows x steps, NaN where no source speaks."""
    table = Table()
    add_clock(table, questions, longitudes(questions))
    consensus = [
        _add_source(table, f"{source}:", questions, of, responses)
        for source, of in wind_on_grids(questions, sources).items()
    ]
    expected = mean_of(consensus, questions.times.shape)
    table.add("expected", expected)
    news = News.of(questions)
    add_news(table, questions, news, _expected_then(questions, news, sources, responses))
    farms = _Farms.of(questions, responses)
    table.add("farm_factor", farms.factor)
    table.add("farm_gain", farms.gain)
    return table, expected


def hub_of(questions: Questions, winds: Mapping[str, WindOnGrid], lags_h: Floats | float = 0.0) -> Floats:
    """Hub wind speed at the middle of each step or so much later, mean of the sources."""
    found = [read_at(of.hub_m_per_s, _middle(questions, of.grid) + lags_h / of.grid.step_h) for of in winds.values()]
    return mean_of(found, questions.times.shape)


def _add_source(
    table: Table, prefix: str, questions: Questions, of: WindOnGrid, responses: Mapping[str, FarmResponse]
) -> Floats:
    """Adds what one source says; its expected share at the middle of the steps."""
    grid, per_h = of.grid, 1 / of.grid.step_h
    lags_h = _Farms.of(questions, responses).lag_h
    places = grid.places(questions.times) + lags_h * per_h
    power = expected_share(questions, of.hub_m_per_s, responses)
    former = expected_share(questions, of.former_hub_m_per_s, responses)
    for height, speed in of.speeds.items():
        table.add(f"{prefix}speed_{height}m", read_at(speed, places))
        table.add(f"{prefix}east_{height}m", read_at(of.east[height], places))
        table.add(f"{prefix}north_{height}m", read_at(of.north[height], places))
        middle = places + 0.5 * per_h * questions.step_min / 60
        table.add(f"{prefix}speed_{height}m_next", read_at(speed, places + per_h))
        table.add(f"{prefix}east_{height}m_next", read_at(of.east[height], places + per_h))
        table.add(f"{prefix}north_{height}m_next", read_at(of.north[height], places + per_h))
        direction = np.arctan2(read_at(of.east[height], middle), read_at(of.north[height], middle))
        table.add(f"{prefix}direction_{height}m", np.degrees(direction))
    _add_shear(table, prefix, of, places)
    for hours in AROUND_H:
        table.add(f"{prefix}hub_speed{hours:+d}h", read_at(of.hub_m_per_s, places + hours * per_h))
    for hours in MEANS_H:
        mean = rolling_mean(of.hub_m_per_s, odd(hours * per_h))
        table.add(f"{prefix}hub_speed_mean_{hours}h", read_at(mean, places))
    squares, mean = (rolling_mean(of.hub_m_per_s**power, odd(7 * per_h)) for power in (2, 1))
    spread = np.sqrt(np.maximum(squares - mean**2, 0))
    table.add(f"{prefix}hub_speed_spread_7h", read_at(spread, places))
    middle = read_at(power, places + 0.5 * per_h * questions.step_min / 60)
    table.add(f"{prefix}power", middle)
    table.add(f"{prefix}power_mean_3h", read_at(rolling_mean(power, odd(3 * per_h)), places))
    table.add(f"{prefix}power_mean_7h", read_at(rolling_mean(power, odd(7 * per_h)), places))
    table.add(f"{prefix}power_of_former_issue", read_at(former, places + 0.5 * per_h * questions.step_min / 60))
    for name, values in grid.values.items():
        if not name.startswith("wind_"):
            table.add(f"{prefix}{name}", read_at(values, places))
    return middle


def _add_shear(table: Table, prefix: str, of: WindOnGrid, places: Floats) -> None:
    heights = sorted(of.speeds)
    if len(heights) < 2:
        return
    low, high = heights[0], heights[-1]
    shear = wind.shear_between(of.speeds[low], low, of.speeds[high], high)
    across = of.east[low] * of.north[high] - of.north[low] * of.east[high]
    turn = across / np.maximum(of.speeds[low] * of.speeds[high], 0.1)
    table.add(f"{prefix}shear", read_at(shear, places))
    table.add(f"{prefix}turn", read_at(turn, places))


def _expected_then(
    questions: Questions, news: News, sources: Sequence[str], responses: Mapping[str, FarmResponse]
) -> Floats:
    """What the weather known at the origin makes of the hours of the newest output."""
    expected = np.full(news.shares.shape, np.nan)
    rows = np.flatnonzero(np.isfinite(news.ages_h).any(axis=1))
    if not len(rows):
        return expected
    chosen = questions.chosen(rows)
    ages_h = np.nan_to_num(news.ages_h[rows], nan=0.0)
    times = chosen.origins[:, None] - np.round(ages_h * 3600).astype("timedelta64[s]")
    # Ages rise along the row, so their times fall: turned round they rise, as questions want them.
    then = Questions(questions.known, chosen.who, chosen.origins, np.sort(times, axis=1), questions.step_min)
    hub = hub_of(then, wind_on_grids(then, sources), _Farms.of(then, responses).lag_h)
    expected[rows] = expected_share(then, hub, responses)[:, ::-1]
    return expected


def _wind(questions: Questions, grid: Grid) -> WindOnGrid:
    heights = sorted({int(found[2]) for name in grid.values if (found := HEIGHT.fullmatch(name))})
    parts = {height: _components(grid.values, height) for height in heights}
    speeds = {height: np.hypot(*of) for height, of in parts.items()}
    east, north = ({height: of[side] for height, of in parts.items()} for side in (0, 1))
    hub = _hub(questions, grid.values, speeds)
    former = {height: np.hypot(*_components(grid.former, height)) for height in heights}
    return WindOnGrid(grid, speeds, east, north, hub, _hub(questions, grid.former, former))


def _components(values: Mapping[str, Floats], height: int) -> tuple[Floats, Floats]:
    """Wind towards east and north; without a direction all of it counts as towards east."""
    if f"wind_u_{height}m_m_per_s" in values:
        return values[f"wind_u_{height}m_m_per_s"], values[f"wind_v_{height}m_m_per_s"]
    speed = values[f"wind_speed_{height}m_m_per_s"]
    from_deg = values.get(f"wind_direction_{height}m_deg")
    if from_deg is None:
        return speed, np.zeros_like(speed)
    # A wind is named by where it comes from.
    return -speed * np.sin(np.radians(from_deg)), -speed * np.cos(np.radians(from_deg))


def _hub(questions: Questions, values: Mapping[str, Floats], speeds: Mapping[int, Floats]) -> Floats:
    sites = [questions.known[one].series.wind or WindSite() for one in questions.who]
    hub_m = np.array([site.hub_height_m for site in sites])[:, None]
    heights = sorted(speeds)
    nearest = min(heights, key=lambda height: abs(height - float(np.median(hub_m))))
    shear: Floats | float = wind.SHEAR
    if len(heights) > 1:
        found = wind.shear_between(speeds[heights[0]], heights[0], speeds[heights[-1]], heights[-1])
        shear = np.where(np.isfinite(found), found, wind.SHEAR)
    hub = speeds[nearest] * (hub_m / nearest) ** shear
    if "pressure_pa" in values and "temperature_c" in values:
        hub = wind.in_standard_air_m_per_s(hub, wind.air_kg_per_m3(values["pressure_pa"], values["temperature_c"]))
    return hub


@dataclass(frozen=True)
class _Farms:
    """How the farm of each row answers: rows x 1."""

    factor: Floats
    gain: Floats
    lag_h: Floats
    curves: Sequence[tuple[FarmCurve, Places]]
    """Rows that share a curve are answered together."""

    @classmethod
    def of(cls, questions: Questions, responses: Mapping[str, FarmResponse]) -> "_Farms":
        asked, row = np.unique(questions.who, return_inverse=True)
        usual = usual_response(responses)
        farms = [_response(questions.known[one].series, responses, usual) for one in asked]
        numbers = np.array([[of.factor, of.gain, of.lag_h] for of in farms]).reshape(-1, 3)[row]
        groups: dict[int, tuple[FarmCurve, list[int]]] = {}
        for place, farm in enumerate(farms):
            groups.setdefault(id(farm.curve), (farm.curve, []))[1].append(place)
        curves = [(curve, np.flatnonzero(np.isin(row, places))) for curve, places in groups.values()]
        return cls(numbers[:, :1], numbers[:, 1:2], numbers[:, 2:], curves)


def _response(
    series: SeriesDescription, responses: Mapping[str, FarmResponse], usual: tuple[float, float]
) -> FarmResponse:
    """A farm never seen: by its description, with the factor and lag that are usual among those that were seen."""
    known = responses.get(series.name)
    if known is not None:
        return known
    factor, lag_h = usual
    return FarmResponse(farm_response.as_described(series.wind or WindSite()).curve, factor, 1.0, lag_h)


def usual_response(responses: Mapping[str, FarmResponse]) -> tuple[float, float]:
    """Middle of the factors and of the lags of all farms."""
    lag_h = float(np.median([one.lag_h for one in responses.values()])) if responses else 0.0
    return usual_factor(responses), lag_h


def usual_factor(responses: Mapping[str, FarmResponse]) -> float:
    """Middle of the factors of all farms; what the weather model gets wrong is much the same for neighbours."""
    return float(np.median([one.factor for one in responses.values()])) if responses else 1.0


def _middle(questions: Questions, grid: Grid) -> Floats:
    return grid.places(questions.times) + 0.5 * questions.step_min / 60 / grid.step_h
