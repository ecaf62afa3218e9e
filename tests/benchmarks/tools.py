"""The tools that are compared: gridflex in this environment, the peers in theirs."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "egret": ("gridx-egret", "pyomo", "highspy"),
    "textbook": ("pyomo", "highspy"),
    "pypsa": ("pypsa", "linopy", "highspy"),
}
"""By peer, what its version is made of."""
RELAXATIONS = {"pypsa": "relaxation: no reserve, one start cost"}
"""Peers whose model cannot say all rules, and what they leave out."""


@dataclass(frozen=True)
class Tool:
    """A program that solves a job: `python -m module`."""

    name: str
    python: str
    module: str
    version: str
    relaxation: str = ""


def gridflex(name: str = "gridflex") -> Tool:
    return Tool(name, sys.executable, "benchmarks.ours", _sources())


def peer(name: str, python: Path) -> Tool:
    if name not in PACKAGES:
        raise SystemExit(f"'{name}' is no peer; there are {', '.join(PACKAGES)}")
    if not python.exists():
        raise SystemExit(f"{python} does not exist: `make peers` installs the peers, or ask for no peers")
    module = f"benchmarks.peers.{name}"
    return Tool(name, str(python), module, _versions(name, python), RELAXATIONS.get(name, ""))


@cache
def _sources() -> str:
    """A digest of our source: a row measured with other code is another row."""
    digest = hashlib.sha256()
    for package in ("grid_models", "services"):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return f"source {digest.hexdigest()[:12]}"


def _versions(name: str, python: Path) -> str:
    script = "import sys, importlib.metadata as m; print(*(f'{p} {m.version(p)}' for p in sys.argv[1:]), sep=', ')"
    told = subprocess.run([python, "-c", script, *PACKAGES[name]], capture_output=True, text=True, check=True)
    return told.stdout.strip()
