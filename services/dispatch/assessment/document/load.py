"""The load that is judged, in figures and in the few series that a reader draws."""

from grid_models.quantities import Data


class PeakTable(Data):
    """The load above one threshold."""

    threshold: float
    hours: float
    days: int
    longest_run_h: float
    above_mwh: float
    full_load_hours: float


class Weather(Data):
    """What a degree adds to the peak of a day in the same month."""

    base_mw: float
    cooling_mw_per_c: float | None
    heating_mw_per_c: float | None
    """None: too few days are that warm or cold, or the load does not rise with it."""
    explained: float
    """Share of the variance of daily peaks, by month, days of rest and weather together."""


class PeakRun(Data):
    """Peak steps on end."""

    start: str
    hours: float
    highest_mw: float
    above_mwh: float
    temperature_c: float | None = None
    """At its highest step."""


class LoadFacts(Data):
    """The load that is judged."""

    peak_mw: float
    peak_at: str
    hours: float
    energy_mwh: float
    load_factor: float
    peak_valley_annual: float
    peak_valley_max_day: float
    peak_valley_peak_day: float
    thresholds: tuple[PeakTable, ...]
    duration_curve_mw: tuple[float, ...]
    """From the highest step to the lowest, at equal distances."""
    peak_hours_by_month: tuple[tuple[int, ...], ...]
    """Steps at or above 95 % of the peak: twelve months by 24 hours of the day."""
    weather: Weather | None = None
    temperature_c: float | None = None
    """At the peak."""
    runs: tuple[PeakRun, ...] = ()
    """Every run of steps at or above 95 % of the peak, from the first of the year on."""
