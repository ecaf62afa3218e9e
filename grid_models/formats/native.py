"""The native form of a case: YAML or JSON, long series by reference to a CSV or Parquet file beside it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import yaml

from grid_models.case import FORMAT_VERSION, Case
from grid_models.errors import BadInput
from grid_models.formats.documents import RESOLVERS, Document, read_document
from grid_models.formats.native_series import SeriesTable, resolve_series, write_table
from grid_models.formats.reading import Reading, validated
from grid_models.resources import Resource, VirtualPowerPlant

NAME = "native"
INLINE_UP_TO = 8
"""Longer series go to the table beside the case."""
SeriesForm = Literal["csv", "parquet", "inline"]


def read_native(path: Path) -> Reading:
    """The case in a native file."""
    return from_document(read_document(path), path)


def from_document(document: Document, path: Path) -> Reading:
    """The case in a native document, brought to this version, its series fetched."""
    return Reading(validated(resolve_series(migrated(document, str(path)), path), path), NAME)


def migrated(document: Document, source: str) -> Document:
    """The document in the form of this version."""
    version = document.get("format_version", 0)
    if type(version) is not int or not (version == FORMAT_VERSION or version in MIGRATIONS):
        accepted = ", ".join(str(number) for number in [*MIGRATIONS, FORMAT_VERSION])
        newer = "; it was written by a newer gridflex" if type(version) is int and version > FORMAT_VERSION else ""
        raise BadInput(source, f"format_version: {version!r} is not among the accepted versions {accepted}{newer}")
    while version != FORMAT_VERSION:
        document, version = MIGRATIONS[version](document), version + 1
    return document


def _from_draft(document: Document) -> Document:
    """Version 0, the draft: one price `voll` of unserved energy, and levels of stores called `soc_start_mwh`."""
    case = {**document, "format_version": 1}
    if "voll" in case:
        prices = case.get("prices") or {}
        case["prices"] = {**prices, "unserved_per_mwh": case.pop("voll")}
    resources = case.get("resources")
    if isinstance(resources, list):
        case["resources"] = [_store_from_draft(resource) for resource in resources]
    return case


def _store_from_draft(resource: Any) -> Any:
    if not isinstance(resource, dict) or "soc_start_mwh" not in resource:
        return resource
    return {("energy_start_mwh" if key == "soc_start_mwh" else key): value for key, value in resource.items()}


MIGRATIONS: dict[int, Callable[[Document], Document]] = {0: _from_draft}
"""By the version that a document has: the step to the next one."""


def write_native(case: Case, path: Path, series: SeriesForm = "csv") -> tuple[str, ...]:
    """Write the case as YAML or JSON, by the suffix; long series go to one table beside it."""
    document = to_document(case)
    if series != "inline":
        table = SeriesTable(case.steps, INLINE_UP_TO)
        beside = path.with_suffix(f".series.{series}")
        document = table.taken_from(document, beside.name)
        if table.columns:
            write_table(beside, case.horizon, table.columns)
    text = _as_json(document) if path.suffix == ".json" else _as_yaml(document)
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return ()


def to_document(case: Case) -> Document:
    """The case as plain values, without what only repeats a default."""
    document: Document = {"format_version": FORMAT_VERSION}
    document |= case.model_dump(mode="json", exclude_defaults=True)
    if case.resources:
        document["resources"] = [_resource_out(resource) for resource in case.resources]
    return document


def _resource_out(resource: Resource) -> Document:
    # The kind and the form are defaults of their class, yet it is by them that a reader knows the class.
    fields = {"name": resource.name, "kind": resource.kind}  # type: ignore[attr-defined]
    fields |= resource.model_dump(mode="json", exclude_defaults=True)
    if isinstance(resource, VirtualPowerPlant):
        fields["model"] = {"form": resource.model.form} | fields["model"]
    if isinstance(resource, VirtualPowerPlant) and resource.members:
        fields["model"]["members"] = [_resource_out(member) for member in resource.members]
    return fields


def _as_json(document: Document) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes every word that either version of YAML would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern, _first in RESOLVERS:
    _Dumper.add_implicit_resolver(_tag, _pattern, list(_first))


def _as_yaml(document: Document) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
