"""What the service remembers, with both clocks: `Store.open(url)` on SQLite or PostgreSQL."""

from services.forecast.store.forecasts import Issue
from services.forecast.store.observations import Added, Arrivals, Readings
from services.forecast.store.store import Store
from services.forecast.store.weather import WeatherIssue

__all__ = ["Added", "Arrivals", "Issue", "Readings", "Store", "WeatherIssue"]
