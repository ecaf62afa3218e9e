"""Gradient boosting of one number: the mean or the median of what will come."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np

from grid_models.quantities import Floats

CALM: Mapping[str, Any] = {"verbose": -1, "deterministic": True, "force_row_wise": True}
"""Two runs on the same data give the same trees."""


@dataclass(frozen=True)
class Trees:
    """An ensemble of trees, as LightGBM writes it."""

    text: str

    def __call__(self, matrix: Floats, threads: int = 1) -> Floats:
        return np.asarray(self._booster.predict(matrix, num_threads=threads), dtype=np.float64)

    @cached_property
    def _booster(self) -> Any:
        return lightgbm.Booster(model_str=self.text)


def trees(
    matrix: Floats,
    actual: Floats,
    weights: Floats | None,
    parameters: Mapping[str, Any],
    rounds: int,
    seed: int,
    threads: int,
) -> Trees:
    """Learns from rows x columns; NaN in a column is a value of its own."""
    wish = {**CALM, **parameters, "seed": seed, "num_threads": threads}
    data = lightgbm.Dataset(matrix, actual, weight=weights, params=wish)
    return Trees(lightgbm.train(wish, data, rounds).model_to_string())
