"""The town over some months and over years; files that need the reference data are left out where it is missing."""

import os
from pathlib import Path

import pytest
from towns import town

from services.forecast.known import Known

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / os.environ.get("GRIDFLEX_DATA", "../shared/data")
collect_ignore_glob = [] if (DATA / "forecast").is_dir() else ["test_*_data.py"]


@pytest.fixture(scope="session")
def three_years() -> Known:
    return town(3 * 365)


@pytest.fixture(scope="session")
def season() -> Known:
    return town(150)


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA
