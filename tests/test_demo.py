"""The whole chain by one command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from gridflex.commands import main

END_S = 10
"""What sees by the end of its parent that it is to end needs a moment on a busy machine."""


@pytest.mark.slow
def test_a_peak_day_is_forecast_and_committed_by_both_services_and_nothing_is_left(tmp_path):
    command = [sys.executable, "-m", "gridflex.commands", "demo", "--json", "--days", "40", "--gap", "0.02"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said, told = process.communicate(timeout=300)
    assert 0 == process.returncode, told
    result = json.loads(said)
    assert ("zhejiang_peak_day", True) == (result["case"], result["gap"] <= 0.02)
    assert any("29 series" in words for words in result["assumptions"])
    assert any("synthetic" in words for words in result["assumptions"])
    assert [] == list(Path(tmp_path).glob("gridflex-*"))
    ours = [one for one in psutil.process_iter() if _of(one, tmp_path)]
    _, left = psutil.wait_procs(ours, timeout=END_S)
    assert [] == [one.cmdline() for one in left]


def _of(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in process.environ().get("GRIDFLEX_DISPATCH_DATA_DIR", "")
    except psutil.Error:
        return False


def test_a_province_that_is_not_there_is_told_before_anything_is_made_up(tmp_path):
    answer = CliRunner().invoke(main, ["demo", "atlantis", "--data-dir", str(tmp_path)])
    assert (2, True) == (answer.exit_code, "is not a built-in province; there are" in answer.output)
