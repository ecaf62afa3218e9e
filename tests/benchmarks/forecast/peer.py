"""Peers from the package index: each runs in an environment of its own, and what it said is read from there."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

PYTHON = Path(__file__).resolve().parents[3] / ".venv-forecast-peers/bin/python"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""As ours and the untuned have; on a busy machine threads of a row's prediction wait for each other."""


@dataclass(frozen=True)
class Peer:
    """A forecaster that others wrote."""

    name: str
    script: str
    """Beside this file; run by the environment's Python."""

    def said(self, series: pd.DataFrame, tasks: Sequence[dict[str, Any]]) -> pd.DataFrame:
        """Columns cut, ds and q01 to q99, or q50 alone; `series` has ds, y and what is known ahead."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            series.to_parquet(folder / "series.parquet")
            (folder / "tasks.json").write_text(json.dumps(tasks))
            script = Path(__file__).with_name(self.script)
            command = [PYTHON, "-W", "ignore", script, folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | ONE_THREAD)
            return pd.read_parquet(folder / "said.parquet")


PEERS = (
    Peer("mlforecast (LightGBM, lags, calendar)", "mlforecast_peer.py"),
    Peer("skforecast (LightGBM, lags, calendar)", "skforecast_peer.py"),
)


def installed() -> tuple[Peer, ...]:
    """All or none: they share the environment."""
    return PEERS if PYTHON.exists() else ()
