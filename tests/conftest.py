"""For every test: logging as it is by default, and no comparison with peers where they are not installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

PEERS_PYTHON = Path(__file__).resolve().parents[1] / ".venv-peers/bin/python"
collect_ignore = [] if PEERS_PYTHON.exists() else ["test_benchmark_peers.py"]


@pytest.fixture(autouse=True)
def default_logging() -> Iterator[None]:
    """A command configures the logs of its whole process, which here is that of many tests."""
    yield
    structlog.reset_defaults()
