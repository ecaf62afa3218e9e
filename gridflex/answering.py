"""How the command line answers what it cannot use: one message on the error stream and an exit code, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

NO_PLAN, BAD_INPUT, INTERRUPTED = 1, 2, 130
OURS = ("gridflex", "services", "grid_models")


class Answering(TyperGroup):
    """The commands, answering in words where an input or an option cannot be used."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _in_words():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _in_words():
            return super().invoke(ctx)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        typer.echo("gridflex: interrupted before there was a plan", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        answer = _answer(error)
        if answer is None:
            raise
        message, code = answer
        if message:
            typer.echo(f"gridflex: {message}", err=True)
        raise typer.Exit(code) from None


def _answer(error: Exception) -> tuple[str, int] | None:
    """The message and the exit code; None for what is our fault."""
    if hasattr(error, "format_message"):  # the parser's own complaints: a missing argument, a bad option
        return str(error.format_message()), BAD_INPUT
    if _is(error, "grid_models.errors", "BadInput"):
        return str(error), BAD_INPUT
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith(OURS):
        return f"this needs {error.name}, which is not installed: pip install 'gridflex[dispatch,forecast]'", BAD_INPUT
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}", BAD_INPUT
    if _is(error, "pydantic_settings", "SettingsError"):
        return f"a setting cannot be read: {error}; lists are JSON", BAD_INPUT
    if _is(error, "pydantic", "ValidationError") and getattr(error, "title", "").endswith("Settings"):
        return _settings_in_words(error), BAD_INPUT
    if _is(error, "sqlalchemy.exc", "OperationalError"):
        return f"the database does not answer: {str(getattr(error, 'orig', error)).splitlines()[0]}", NO_PLAN
    if _is(error, "sqlalchemy.exc", "ArgumentError"):
        return f"the database's URL cannot be used: {error}; write sqlite:///file or postgresql://...", BAD_INPUT
    status = getattr(error, "status", None)
    if isinstance(status, int):  # the service's errors say whose fault they are
        return str(error), BAD_INPUT if 400 <= status < 500 else NO_PLAN
    return None


def _is(error: Exception, module: str, name: str) -> bool:
    """Without loading the module: what was never imported cannot have failed."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))


def _settings_in_words(error: Any) -> str:
    from grid_models.errors import bad_input

    return f"the environment: {'; '.join(bad_input('settings', error).problems)}"
