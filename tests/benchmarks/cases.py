"""The pglib-uc files of a folder."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instance:
    """One file: the family is the folder that it lies in."""

    path: Path
    family: str
    name: str
    units: int
    digest: str

    @property
    def label(self) -> str:
        return f"{self.family}/{self.name}"

    def plain(self, folder: Path) -> Path:
        """A file that is not compressed, for whoever cannot read another."""
        if self.path.suffix != ".gz":
            return self.path.resolve()
        copy = folder / self.path.stem
        copy.write_bytes(gzip.decompress(self.path.read_bytes()))
        return copy.resolve()


def instances(folder: Path, only: str = "") -> Iterator[Instance]:
    """Every pglib-uc file below the folder whose path contains `only`; other JSON is passed over."""
    for path in sorted((*folder.rglob("*.json"), *folder.rglob("*.json.gz"))):
        if only in str(path):
            found = _instance(path)
            if found is not None:
                yield found


def _instance(path: Path) -> Instance | None:
    content = path.read_bytes()
    try:
        document = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except ValueError:
        return None
    if not isinstance(document, dict) or "thermal_generators" not in document:
        return None
    name = path.name.removesuffix(".gz").removesuffix(".json")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Instance(path, path.resolve().parent.name, name, len(document["thermal_generators"]), digest)
