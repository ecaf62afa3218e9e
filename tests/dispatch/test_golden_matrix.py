"""The matrix of each reference case, as a digest: a change of the formulation must be meant.

Where it is meant, renew the digests and say why in the commit: `python tests/dispatch/test_golden_matrix.py`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference_cases import reference_cases

from services.dispatch.assembly import build
from services.dispatch.model import Matrix

GOLDEN = Path(__file__).with_name("golden_matrix.json")


def digest(matrix: Matrix) -> dict[str, Any]:
    """Size, and a hash of what is in it, whatever the order of rows and columns."""
    height, width = matrix.shape
    return {
        "rows": height,
        "columns": width,
        "integer_columns": int(matrix.integer.sum()),
        "nonzeros": int(matrix.rows.nnz),
        "coefficients": _hash(matrix.rows.data),
        "costs": _hash(np.append(matrix.cost, matrix.offset)),
        "column_limits": _hash(np.concatenate([matrix.lower, matrix.upper])),
        "row_limits": _hash(np.concatenate([matrix.row_lower, matrix.row_upper])),
    }


def _hash(values: Any) -> str:
    shown = sorted(f"{value + 0.0:.6g}" for value in values)  # -0 and 0 are the same number
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()[:16]


def digests() -> dict[str, dict[str, Any]]:
    return {name: digest(build(case).pack()) for name, case in reference_cases().items()}


@pytest.mark.parametrize("name", sorted(reference_cases()))
def test_the_matrix_is_the_one_that_was_meant(name: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert golden[name] == digest(build(reference_cases()[name]).pack())


def test_every_digest_belongs_to_a_case() -> None:
    assert sorted(reference_cases()) == sorted(json.loads(GOLDEN.read_text()))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(digests(), indent=1, sort_keys=True) + "\n")
