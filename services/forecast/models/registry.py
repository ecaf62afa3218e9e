"""Every model that the service may pick, one line each."""

from collections.abc import Mapping

from services.forecast.models.base import Model
from services.forecast.models.brought_correction import BroughtCorrection
from services.forecast.models.catboosted import installed
from services.forecast.models.climatology import Climatology
from services.forecast.models.linear_quantiles import LinearQuantiles
from services.forecast.models.load_boosting import LoadBoosting
from services.forecast.models.load_weather_scenarios import LoadWeatherScenarios
from services.forecast.models.persistence import Persistence
from services.forecast.models.physical_solar import PhysicalSolar
from services.forecast.models.physical_wind import PhysicalWind
from services.forecast.models.renewable_boosting import RenewableBoosting
from services.forecast.models.renewable_brought import RenewableBrought
from services.forecast.models.renewable_catboost import RenewableCatBoost
from services.forecast.models.similar_day import SimilarDay

_ALL: tuple[Model, ...] = (
    Climatology(),
    Persistence(),
    PhysicalSolar(),
    PhysicalWind(),
    RenewableBoosting(),
    RenewableBrought(),
    LoadWeatherScenarios(),
    SimilarDay(),
    LoadBoosting(),
    LinearQuantiles(),
    BroughtCorrection(),
    *([RenewableCatBoost()] if installed() else []),
)
MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}
ONLY_BY_NAME = frozenset({RenewableCatBoost.name})
"""Left out unless somebody asks for them: they take their time and say much the same as others."""
