"""Runs the peer in its own environment and reads what it said."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

PYTHON = Path(__file__).resolve().parents[3] / ".venv-forecast-peers/bin/python"
SCRIPT = Path(__file__).with_name("mlforecast_peer.py")
NAME = "mlforecast (LightGBM, lags, calendar)"


def installed() -> bool:
    return PYTHON.exists()


def said(series: pd.DataFrame, tasks: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Columns cut, ds and q01 to q99, or q50 alone; `series` has ds, y and what is known ahead."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        series.to_parquet(folder / "series.parquet")
        (folder / "tasks.json").write_text(json.dumps(tasks))
        subprocess.run([PYTHON, "-W", "ignore", SCRIPT, folder], check=True, capture_output=True)
        return pd.read_parquet(folder / "said.parquet")
