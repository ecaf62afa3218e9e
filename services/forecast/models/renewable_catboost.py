"""Wind and solar as in `renewable_boosting`, with CatBoost's trees: an option for who installs the extra `catboost`.

It is trained where it is asked for by name; a champion that was trained with it needs the package to answer.
"""

from dataclasses import dataclass
from typing import ClassVar

from services.forecast.models.renewable_boosting import Maker, RenewableBoosting


@dataclass(frozen=True)
class RenewableCatBoost(RenewableBoosting):
    """Symmetric trees that say all quantiles at once."""

    name: ClassVar[str] = "renewable_catboost"
    maker: ClassVar[Maker] = "catboost"
