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
        typer.echo(f"gridflex: {message}", err=True)
        raise typer.Exit(code) from None


def _answer(error: Exception) -> tuple[str, int] | None:
    """The message and the exit code; None for what is our fault."""
    if hasattr(error, "format_message"):  # the parser's own complaints: a missing argument, a bad option
        return str(error.format_message()), BAD_INPUT
    if _is_bad_input(error):
        return str(error), BAD_INPUT
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith(OURS):
        return f"this needs {error.name}, which is not installed: pip install 'gridflex[dispatch,forecast]'", BAD_INPUT
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}", BAD_INPUT
    status = getattr(error, "status", None)
    if isinstance(status, int):  # the service's errors say whose fault they are
        return str(error), BAD_INPUT if 400 <= status < 500 else NO_PLAN
    return None


def _is_bad_input(error: Exception) -> bool:
    """Without loading the domain: it cannot have failed if it was never imported."""
    errors = sys.modules.get("grid_models.errors")
    return errors is not None and isinstance(error, errors.BadInput)
