"""Knows where the provincial reference set is: without it, what compares with it is not collected."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHINA = ROOT / os.environ.get("GRIDFLEX_DATA", "../shared/data") / "china"
collect_ignore = [] if (CHINA / "load_stats_2018.csv").is_file() else ["test_data_calibration.py"]
