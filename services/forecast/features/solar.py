"""What a solar forecast looks at: light around the hour, the answer of the plant's panels, the sky it comes through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.forecast import SolarSite
from grid_models.quantities import Floats
from services.forecast.features.questions import Places, Questions
from services.forecast.features.table import News, Table, add_clock, add_news, latitudes, longitudes
from services.forecast.features.weather import MEAN_OVER_STEP, Grid, grids, mean_of, odd, read_at, rolling_mean
from services.forecast.physical import panel_response, solar
from services.forecast.physical.panel_response import PanelResponse, together
from services.forecast.physical.solar import Light
from services.forecast.physical.sun import Sun, clear_sky_over_step_w_per_m2, sun, under_cloud_w_per_m2

DARK_W_PER_M2 = 1.0
"""A step whose clear sky would send less than this on the mean is night."""
DIM_W_PER_M2 = 20.0
"""Below this a ratio to clear sky says nothing."""
CLEARNESS_MAX = 1.5
AROUND_H = (-2, -1, 1, 2)


@dataclass(frozen=True)
class Sky:
    """The sun over the steps that are asked for: rows x steps."""

    sun: Sun
    """At the middle of the step."""
    clear_w_per_m2: Floats

    @property
    def daylight(self) -> np.ndarray:
        """Whether the step has any sun."""
        lit: np.ndarray = self.clear_w_per_m2 > DARK_W_PER_M2
        return lit


def sky_of(questions: Questions) -> Sky:
    latitude, longitude = latitudes(questions)[:, None], longitudes(questions)[:, None]
    middle = questions.times + np.timedelta64(questions.step_min * 30, "s")
    clear = clear_sky_over_step_w_per_m2(questions.times, questions.step_min, latitude, longitude)
    return Sky(sun(middle, latitude, longitude), clear)


@dataclass(frozen=True)
class SkyOnGrid:
    """How clear the sky is by one source: irradiance over that of a clear sky, rows x grid points."""

    grid: Grid
    clearness: Floats
    """Of the step that begins at the point; NaN at night."""
    former_clearness: Floats
    level_w_per_m2: Floats
    clear_w_per_m2: Floats


def skies_on_grids(questions: Questions, sources: Sequence[str]) -> dict[str, SkyOnGrid]:
    """By source, for those that say anything about light or cloud."""
    found = {source: _sky(questions, grid) for source, grid in grids(questions, sources).items()}
    return {source: of for source, of in found.items() if of is not None}


def level_light_w_per_m2(of: SkyOnGrid, questions: Questions, sky: Sky, former: bool = False) -> Floats:
    """Irradiance over the steps: the clearness between grid points times the clear sky of the step itself.

    Sunrise and noon are known to the second, only the clouds are not: so a step of 15 minutes within an hourly weather
    forecast still sees the sun where it is.
    """
    clearness = _filled_at_night(of.former_clearness if former else of.clearness)
    places = of.grid.places(questions.times) + (questions.step_min / 60 / of.grid.step_h - 1) / 2
    level: Floats = read_at(clearness, places) * sky.clear_w_per_m2
    return level


def expected_share(
    questions: Questions, level_w_per_m2: Floats, sky: Sky, air_c: Floats, responses: Mapping[str, PanelResponse]
) -> Floats:
    """Output over capacity that each row's panels make of this light."""
    share = np.full(level_w_per_m2.shape, np.nan)
    parts = solar.light(level_w_per_m2, sky.sun)
    for panels, rows in _alike(questions, responses):
        of = Sun(sky.sun.zenith_deg[rows], sky.sun.azimuth_deg[rows])
        light = Light(parts.beam_w_per_m2[rows], parts.diffuse_w_per_m2[rows])
        share[rows] = panels.share(light, of, air_c[rows])
    return np.where(sky.daylight, share, 0.0)


def _alike(questions: Questions, responses: Mapping[str, PanelResponse]) -> list[tuple[PanelResponse, Places]]:
    """Panels that turn, and panels that do not: each sort is asked together, with the gains of every row."""
    asked, row = np.unique(questions.who, return_inverse=True)
    panels = [_response(questions, one, responses) for one in asked]
    turning = np.array([of.turning for of in panels], dtype=bool)[row]
    sorts = [np.flatnonzero(turning == whether) for whether in np.unique(turning)]
    return [(together([panels[place] for place in row[rows]]), rows) for rows in sorts]


def solar_table(
    questions: Questions, sources: Sequence[str], responses: Mapping[str, PanelResponse]
) -> tuple[Table, Floats, Sky]:
    """The features, the output share that physics expects (NaN where no source speaks), and the sky."""
    table, sky = Table(), sky_of(questions)
    add_clock(table, questions, longitudes(questions))
    best = _under_clear_sky(questions, sky, responses)
    consensus = [
        _add_source(table, f"{source}:", questions, of, sky, responses, best)
        for source, of in skies_on_grids(questions, sources).items()
    ]
    expected = mean_of(consensus, questions.times.shape)
    table.add("expected", expected)
    table.add("under_clear_sky", best)
    table.add("zenith_deg", sky.sun.zenith_deg)
    table.add("azimuth_deg", sky.sun.azimuth_deg)
    table.add("clear_sky", sky.clear_w_per_m2)
    news = News.of(questions)
    add_news(table, questions, news, _expected_then(questions, news, sources, responses))
    _add_plant(table, questions, responses)
    return table, expected, sky


def expected_at_steps(
    questions: Questions, sources: Sequence[str], responses: Mapping[str, PanelResponse]
) -> tuple[Floats, Floats, Sky]:
    """What physics expects, and what it would expect of a clear sky, without any other features; and the sky."""
    sky = sky_of(questions)
    consensus = [
        expected_share(questions, level_light_w_per_m2(of, questions, sky), sky, _air_c(of.grid, questions), responses)
        for of in skies_on_grids(questions, sources).values()
    ]
    best = _under_clear_sky(questions, sky, responses)
    return mean_of(consensus, questions.times.shape), best, sky


def level_and_air(questions: Questions, sources: Sequence[str], sky: Sky) -> tuple[Floats, Floats]:
    """Irradiance and air temperature over the steps, mean of the sources."""
    found = skies_on_grids(questions, sources)
    level = [level_light_w_per_m2(of, questions, sky) for of in found.values()]
    air = [_air_c(of.grid, questions) for of in found.values()]
    return mean_of(level, questions.times.shape), mean_of(air, questions.times.shape)


def _under_clear_sky(questions: Questions, sky: Sky, responses: Mapping[str, PanelResponse]) -> Floats:
    cool = np.full(questions.times.shape, 20.0)
    return expected_share(questions, sky.clear_w_per_m2, sky, cool, responses)


def _add_source(
    table: Table,
    prefix: str,
    questions: Questions,
    of: SkyOnGrid,
    sky: Sky,
    responses: Mapping[str, PanelResponse],
    best: Floats,
) -> Floats:
    """Adds what one source says; its expected share."""
    grid, per_h = of.grid, 1 / of.grid.step_h
    places = grid.places(questions.times)
    centred = places + (questions.step_min / 60 * per_h - 1) / 2
    level, air_c = level_light_w_per_m2(of, questions, sky), _air_c(grid, questions)
    power = expected_share(questions, level, sky, air_c, responses)
    former = expected_share(questions, level_light_w_per_m2(of, questions, sky, former=True), sky, air_c, responses)
    table.add(f"{prefix}power", power)
    table.add(f"{prefix}power_of_former_issue", former)
    table.add(f"{prefix}power_over_clear_sky", np.minimum(power / np.maximum(best, 0.02), 2))
    table.add(f"{prefix}light", level)
    table.add(f"{prefix}clearness", read_at(of.clearness, centred))
    lit = _filled_at_night(of.clearness)
    for hours in AROUND_H:
        table.add(f"{prefix}light{hours:+d}h", read_at(of.level_w_per_m2, centred + hours * per_h))
        table.add(f"{prefix}clearness{hours:+d}h", read_at(lit, centred + hours * per_h))
    for hours in (3, 5):
        # Hours with more sun say more about the clouds of the day.
        light, clear = (rolling_mean(one, odd(hours * per_h)) for one in (of.level_w_per_m2, of.clear_w_per_m2))
        table.add(f"{prefix}clearness_mean_{hours}h", read_at(light / np.maximum(clear, DIM_W_PER_M2), centred))
    light, clear = (rolling_mean(one, odd(23 * per_h)) for one in (of.level_w_per_m2, of.clear_w_per_m2))
    table.add(f"{prefix}clearness_of_day", read_at(light / np.maximum(clear, DIM_W_PER_M2), centred))
    for name, values in grid.values.items():
        at = centred if _ismean_of(name) else places
        for hours in (-1, 0, 1, 2):
            table.add(f"{prefix}{name}{hours:+d}h", read_at(values, at + hours * per_h))
    return power


def _expected_then(
    questions: Questions, news: News, sources: Sequence[str], responses: Mapping[str, PanelResponse]
) -> Floats:
    """What the weather known at the origin makes of the hours of the newest output."""
    expected = np.full(news.shares.shape, np.nan)
    rows = np.flatnonzero(np.isfinite(news.ages_h).any(axis=1))
    if not len(rows):
        return expected
    chosen = questions.chosen(rows)
    ages_h = np.nan_to_num(news.ages_h[rows], nan=0.0)
    times = np.sort(chosen.origins[:, None] - np.round(ages_h * 3600).astype("timedelta64[s]"), axis=1)
    then = Questions(questions.known, chosen.who, chosen.origins, times, questions.step_min)
    sky = sky_of(then)
    level, air_c = level_and_air(then, sources, sky)
    expected[rows] = expected_share(then, level, sky, air_c, responses)[:, ::-1]
    return expected


def _add_plant(table: Table, questions: Questions, responses: Mapping[str, PanelResponse]) -> None:
    """Which way the panels look, which no weather tells."""
    own = np.zeros((len(questions.who), 3))
    for one in np.unique(questions.who):
        gains = _response(questions, one, responses).gains
        total = max(float(np.linalg.norm(gains[:-1])), 1e-6)
        own[questions.rows_of(one)] = [gains[0] / total, gains[-1], total]
    for place, name in enumerate(("panels_east", "panels_diffuse", "panels_gain")):
        table.add(name, own[:, place : place + 1])


def _sky(questions: Questions, grid: Grid) -> SkyOnGrid | None:
    latitude, longitude = latitudes(questions)[:, None], longitudes(questions)[:, None]
    clear = clear_sky_over_step_w_per_m2(grid.times, grid.step_h * 60, latitude, longitude)
    level, former = _level(grid.values, clear), _level(grid.former, clear)
    if level is None or former is None:
        return None
    lit = clear > DIM_W_PER_M2
    clearness, former = (
        np.where(lit, np.clip(one / np.maximum(clear, DIM_W_PER_M2), 0, CLEARNESS_MAX), np.nan)
        for one in (level, former)
    )
    return SkyOnGrid(grid, clearness, former, level, clear)


def _level(values: Mapping[str, Floats], clear_w_per_m2: Floats) -> Floats | None:
    """Irradiance of a level plane, from what there is."""
    if "irradiance_w_per_m2" in values:
        return values["irradiance_w_per_m2"]
    cloud = values.get("cloud_cover")
    return None if cloud is None else under_cloud_w_per_m2(clear_w_per_m2, cloud)


def _air_c(grid: Grid, questions: Questions) -> Floats:
    known = grid.values.get("temperature_c")
    if known is None:
        return np.full(questions.times.shape, np.nan)
    return read_at(known, grid.places(questions.times))


def _filled_at_night(clearness: Floats) -> Floats:
    """Dim hours take the clearness of the nearest hour with sun: dawn is as cloudy as the morning."""
    points = np.arange(clearness.shape[1])
    there = np.isfinite(clearness)
    last = np.maximum.accumulate(np.where(there, points, -1), axis=1)
    following = np.minimum.accumulate(np.where(there, points, 10_000)[:, ::-1], axis=1)[:, ::-1]
    earlier = np.where(last < 0, 10_000, points - last)
    nearest = np.where(earlier <= following - points, last, following)
    close = np.minimum(earlier, following - points) <= 4
    filled = np.take_along_axis(clearness, np.clip(nearest, 0, len(points) - 1), axis=1)
    return np.where(close, filled, np.nan)


def _response(questions: Questions, one: int, responses: Mapping[str, PanelResponse]) -> PanelResponse:
    series = questions.known[one].series
    return responses.get(series.name) or panel_response.as_described(series.solar or SolarSite())


def _ismean_of(name: str) -> bool:
    return any(part in name for part in MEAN_OVER_STEP)
