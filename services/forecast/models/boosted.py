"""Gradient boosting of several quantiles over one table: the histograms are made once, the trees stay small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats

LEVELS = (0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.98)
"""What is learned; other levels are read between. More levels cost time and tell little more."""
PARAMETERS: Mapping[str, Any] = {
    "objective": "quantile",
    "learning_rate": 0.05,
    "num_leaves": 16,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 127,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
}
ROUNDS = 150


class QuantileTrees(Protocol):
    """Trees of any maker that say quantiles."""

    @property
    def levels(self) -> Floats: ...

    def quantiles(self, matrix: NDArray[np.float32], threads: int) -> Floats:
        """Rows x levels; they may cross."""
        ...

    def document(self) -> dict[str, Any]:
        """As JSON."""
        ...


@dataclass(frozen=True)
class Boosted:
    """One ensemble of trees per level."""

    levels: Floats
    texts: tuple[str, ...]
    """The trees, as LightGBM writes them."""

    def quantiles(self, matrix: NDArray[np.float32], threads: int) -> Floats:
        """Rows x levels; they may cross."""
        said = [booster.predict(matrix, num_threads=threads) for booster in self._boosters]
        return np.column_stack(said).astype(np.float64)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"levels": self.levels.tolist(), "trees": self.texts}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(np.array(document["levels"]), tuple(document["trees"]))

    @cached_property
    def _boosters(self) -> Sequence[Any]:
        return [lightgbm.Booster(model_str=text) for text in self.texts]


def boosted(
    matrix: NDArray[np.float32],
    actual: Floats,
    *,
    seed: int,
    threads: int,
    rounds: int = ROUNDS,
    weights: Floats | None = None,
    **parameters: Any,
) -> Boosted:
    """Learns every level from the same binned table."""
    wish = {**PARAMETERS, "seed": seed, "num_threads": threads, **parameters}
    data = lightgbm.Dataset(matrix, actual, weight=weights, params=wish, free_raw_data=False).construct()
    texts = [lightgbm.train({**wish, "alpha": level}, data, rounds).model_to_string() for level in LEVELS]
    return Boosted(np.array(LEVELS), tuple(texts))
