"""Every model that the service may pick, one line each."""

from collections.abc import Mapping

from services.forecast.models.base import Model
from services.forecast.models.load_weather_scenarios import LoadWeatherScenarios

_ALL: tuple[Model, ...] = (
    LoadWeatherScenarios(),
)
MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}
