"""Knows whether the peers are installed: without them what compares with them is not collected."""

from pathlib import Path

PEERS_PYTHON = Path(__file__).resolve().parents[1] / ".venv-peers/bin/python"
collect_ignore = [] if PEERS_PYTHON.exists() else ["test_benchmark_peers.py"]
