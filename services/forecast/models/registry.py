"""Every model that the service may pick, one line each."""

from collections.abc import Mapping

from services.forecast.models.base import Model

_ALL: tuple[Model, ...] = ()
MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}
