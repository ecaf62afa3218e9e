"""Gradient boosting by CatBoost: one ensemble of symmetric trees that says all quantiles at once.

An option of the extra `catboost`; the package is loaded when it is asked for.
"""

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.models.boosted import LEVELS

PARAMETERS: Mapping[str, Any] = {
    "depth": 6,
    "learning_rate": 0.08,
    "min_data_in_leaf": 40,
    "l2_leaf_reg": 5.0,
    "border_count": 127,
    "boosting_type": "Plain",
    "bootstrap_type": "Bernoulli",
    "subsample": 0.7,
    "allow_writing_files": False,
    "logging_level": "Silent",
}
ROUNDS = 300


def installed() -> bool:
    return find_spec("catboost") is not None


@dataclass(frozen=True)
class CatBoosted:
    """Trees of which every leaf has a value for each level."""

    levels: Floats
    trees: bytes
    """CatBoost's own binary form, which holds numbers and no code."""

    def quantiles(self, matrix: NDArray[np.float32], threads: int) -> Floats:
        """Rows x levels; they may cross."""
        said: Floats = np.asarray(self._model.predict(matrix, thread_count=threads), dtype=np.float64)
        return said

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"levels": self.levels.tolist(), "trees": base64.b64encode(self.trees).decode()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(np.array(document["levels"]), base64.b64decode(document["trees"]))

    @cached_property
    def _model(self) -> Any:
        from catboost import CatBoost

        model = CatBoost()
        model.load_model(blob=self.trees)
        return model


def catboosted(matrix: NDArray[np.float32], actual: Floats, *, seed: int, threads: int, **wish: Any) -> CatBoosted:
    """Learns every level in one go."""
    from catboost import CatBoost, Pool

    parameters = {**PARAMETERS, "iterations": wish.pop("rounds", ROUNDS), "random_seed": seed, "thread_count": threads}
    alphas = ",".join(f"{level:g}" for level in LEVELS)
    model = CatBoost({**parameters, **wish, "loss_function": f"MultiQuantile:alpha={alphas}"})
    model.fit(Pool(matrix, actual))
    return CatBoosted(np.array(LEVELS), _kept(model))


def _kept(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trees.cbm"
        model.save_model(str(path))
        return path.read_bytes()
