"""What an operator of the service types: bring it up, keys, replay, backup and restore."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from services.dispatch.store import Store
    from services.dispatch.store.access import KeyRecord

app = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="API keys of the dispatch service.")
app.add_typer(keys, name="keys")
database = typer.Typer(no_args_is_help=True, help="The database of the dispatch service.")
app.add_typer(database, name="database")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Identity = Annotated[str, typer.Argument(metavar="ID", help="The number of a key; see `gridflex keys list`.")]
DaysValid = Annotated[int | None, typer.Option("--days", min=1, max=3650, help="Valid for so long; without: for ever.")]


@app.command()
def replay(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The number of a plan of the dispatch service.")],
    as_json: AsJson = False,
) -> None:
    """Solve a stored plan again from all that was kept of it; exit 1 where the objective differs."""
    from services.dispatch.replaying import replay as solve_again

    with _store() as store:
        found = solve_again(store, identity)
    told = {
        "plan": identity,
        "same": found.same,
        "cost": found.stored.cost,
        "cost_again": found.again.cost,
        "gap": found.again.gap,
        "other_versions": found.other_versions,
    }
    words = (
        f"cost {found.stored.cost:,.2f} then, {found.again.cost:,.2f} now: {'the same' if found.same else 'differs'}"
    )
    _print(told, words, as_json)
    raise typer.Exit(0 if found.same else 1)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    scope: Annotated[list[str], typer.Option("--scope", help="viewer, planner, operator or admin; may be repeated.")],
    days: DaysValid = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its text is shown this once and kept nowhere."""
    with _store() as store:
        record, text = store.access.create(name, _scopes(scope), _until(days))
    _print(
        {**_plain(record), "key": text},
        f"{text}\nkey {record.id} of {record.name}: {', '.join(record.scopes)}",
        as_json,
    )


@keys.command("rotate")
def rotate_key(
    identity: Identity,
    overlap: Annotated[float, typer.Option(min=0, max=720, help="Hours for which the old key still opens.")] = 24.0,
    days: DaysValid = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key for the same holder; the old one ends after the overlap."""
    with _store() as store:
        record, text = store.access.rotate(identity, round(overlap * 3_600_000), _until(days))
    _print({**_plain(record), "key": text}, f"{text}\nkey {record.id} of {record.name}; {identity} ends", as_json)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys, without their texts."""
    with _store() as store:
        found = store.access.all()
    lines = [f"{one.id}  {'valid' if one.valid else 'ended':<6} {','.join(one.scopes):<10} {one.name}" for one in found]
    _print({"keys": [_plain(one) for one in found]}, "\n".join(lines) or "there is no key", as_json)


@keys.command("revoke")
def revoke_key(identity: Identity, as_json: AsJson = False) -> None:
    """End a key at once."""
    with _store() as store:
        record = store.access.revoke(identity)
    _print(_plain(record), f"key {record.id} of {record.name} is revoked", as_json)


@database.command("backup")
def backup_database(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, such as dispatch.jsonl.gz.")],
    as_json: AsJson = False,
) -> None:
    """Copy everything as of one moment into a file, from either database."""
    from services.dispatch.store.backup import backup

    with _store() as store:
        counts = backup(store.database, out)
    _print({"file": str(out), "rows": counts}, f"{out}: {sum(counts.values())} rows", as_json)


@database.command("restore")
def restore_database(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` wrote.")], as_json: AsJson = False
) -> None:
    """Put everything from a backup into an empty database, of either kind."""
    from services.dispatch.store.backup import restore

    with _store() as store:
        counts = restore(store.database, file)
    _print({"file": str(file), "rows": counts}, f"{file}: {sum(counts.values())} rows restored", as_json)


@database.command("retain")
def retain_database(
    days: Annotated[int, typer.Option(min=1, help="Keep what is younger, and whatever was issued.")] = 400,
    as_json: AsJson = False,
) -> None:
    """Delete what is old and was never issued."""
    with _store() as store:
        gone = store.retain(days)
    _print(gone, f"{sum(gone.values())} rows deleted", as_json)


def _store() -> "Store":
    from services.dispatch.settings import Settings
    from services.dispatch.store import Store

    return Store.open(Settings().url)


def _scopes(given: list[str]) -> tuple[str, ...]:
    from services.dispatch.scopes import SCOPES

    unknown = sorted(set(given) - set(SCOPES))
    if unknown:
        raise typer.BadParameter(f"there is no scope '{unknown[0]}'; accepted are {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in given)


def _until(days: int | None) -> int | None:
    from services.dispatch.store.moments import now_ms

    return None if days is None else now_ms() + round(timedelta(days=days).total_seconds() * 1000)


def _plain(record: "KeyRecord") -> dict[str, Any]:
    from services.dispatch.store.moments import aware, maybe

    expires, revoked = maybe(record.expires_ms), maybe(record.revoked_ms)
    return {
        "id": record.id,
        "name": record.name,
        "scopes": list(record.scopes),
        "valid": record.valid,
        "created_at": aware(record.created_ms).isoformat(),
        "expires_at": expires.isoformat() if expires else None,
        "revoked_at": revoked.isoformat() if revoked else None,
    }


def _print(document: dict[str, Any], words: str, as_json: bool) -> None:
    import json

    typer.echo(json.dumps(document, ensure_ascii=False, indent=1) if as_json else words)
