"""Tables of ours that a user may know better: files of the same form, named by the environment.

The environment rather than a parameter, so that processes that train see the same days as the one that answers.
"""

import os
from pathlib import Path
from typing import Any

import yaml


class BadTable(ValueError):
    """A file of the user cannot be read."""

    status = 422


def named(variable: str) -> Path | None:
    """The file that the environment names."""
    told = os.environ.get(variable)
    return Path(told) if told else None


def read(path: Path) -> dict[str, Any]:
    """The table of each region."""
    try:
        tables = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as fault:
        raise BadTable(f"{path}: cannot be read: {str(fault).splitlines()[0]}") from None
    if not isinstance(tables, dict):
        raise BadTable(f"{path}: needs one table for each region, by its name")
    return tables
