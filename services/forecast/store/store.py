"""The store: everything that the service remembers, in one database."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from grid_models.forecast import Forecast
from services.database.engine import Database
from services.database.store import OpenStore
from services.forecast.known import Known, Moment
from services.forecast.store.backtests import BacktestShelf
from services.forecast.store.forecasts import ForecastShelf, Issue
from services.forecast.store.jobs import JobShelf
from services.forecast.store.keys import KeyShelf
from services.forecast.store.knowledge import gather
from services.forecast.store.observations import Observations
from services.forecast.store.registry import ModelShelf
from services.forecast.store.series import SeriesShelf
from services.forecast.store.weather import WeatherShelf


class Store(OpenStore):
    """Series and their values as they became known, forecasts, models and the work on them."""

    scripts = Path(__file__).parent / "migrations"

    def __init__(self, database: Database):
        super().__init__(database)
        self.series = SeriesShelf(database)
        self.observations = Observations(database)
        self.weather = WeatherShelf(database)
        self.forecasts = ForecastShelf(database)
        self.models = ModelShelf(database)
        self.backtests = BacktestShelf(database)
        self.jobs = JobShelf(database)
        self.keys = KeyShelf(database)

    def known(
        self, series: str, origin: Moment, since: Moment | None = None, weather_since: Moment | None = None
    ) -> Known:
        """Everything that was known at the origin about one series; see `known_many`."""
        return self.known_many([series], origin, since, weather_since)[0]

    def known_many(
        self, series: Sequence[str], origin: Moment, since: Moment | None = None, weather_since: Moment | None = None
    ) -> list[Known]:
        """Everything that was known at the origin about each of these series, in their order.

        `since` leaves out values for earlier times, `weather_since` weather that was issued earlier: a forecast needs
        weeks, not years. Plants that share their weather share its arrays, so these are never to be changed.
        """
        with self.database.reading() as connection:
            return gather(connection, series, origin, since, weather_since)

    def forecast(self, series: str, as_of: Moment | None = None, until: Moment | None = None) -> Forecast:
        """Our newest forecast that was known then, of those that reach to `until`."""
        return self.forecasts.newest(series, as_of, until).forecast()

    def save_forecasts(self, many: Iterable[Forecast | Issue], known_at: Moment | None = None) -> int:
        """Keeps all of them or none; how many were new."""
        return self.forecasts.save(many, known_at)
