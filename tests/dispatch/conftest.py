"""Makes `building` importable from every folder of these tests, and knows where the reference data are."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / os.environ.get("GRIDFLEX_DATA", "../shared/data")
CHECKER = DATA.parent / "checks" / "check_pglib_uc.py"
collect_ignore = [] if (DATA / "pglib-uc").is_dir() and CHECKER.is_file() else ["test_data_cases.py"]


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA


@pytest.fixture(scope="session")
def checker() -> Path:
    """The independent check of a schedule against a pglib-uc case."""
    return CHECKER
