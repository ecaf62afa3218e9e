"""The assessment drawn for a terminal: the answer first, then the tables that it adds up from."""

from collections.abc import Iterable, Iterator

import rich.table
from rich.console import Console, Group, RenderableType
from rich.text import Text

from services.dispatch.assessment import tables
from services.dispatch.assessment.document.assessment import Assessment
from services.dispatch.assessment.speech import ENGLISH, Speech
from services.dispatch.assessment.tables import Table
from services.dispatch.assessment.tables_of_operation import all_of


def print_assessment(assessment: Assessment, console: Console, say: Speech = ENGLISH) -> None:
    console.print(Group(*_parts(assessment, say.knowing(assessment.names_zh))))


def _parts(assessment: Assessment, say: Speech) -> Iterable[RenderableType]:
    yield Text(tables.headline(assessment, say), style="bold")
    for one in _tables(assessment, say):
        yield drawn(one)
    for note in (*tables.notes_on_definitions(assessment, say), *map(say.note, assessment.notes)):
        yield Text(say("note: {words}", words=note))
    yield Text(say("load: {words}", words=say.note(assessment.provenance.load)))
    yield Text(say("hash: {words}", words=assessment.hash))


def _tables(assessment: Assessment, say: Speech) -> Iterator[Table]:
    yield tables.by_definition(assessment, say)
    yield tables.peak_hours(assessment, say)
    for verdict in tables.shown(assessment):
        yield tables.stack(verdict, say)
        yield tables.losses(verdict.capability, verdict.profile.id, say)
    if assessment.held:
        yield tables.held_by_hours(assessment, say)
    if assessment.duplicates:
        yield tables.duplicates(assessment, say)
    yield from all_of(assessment, say)


def drawn(one: Table) -> RenderableType:
    """A table for a terminal; its title is as long as it likes."""
    shown = rich.table.Table(box=None, pad_edge=False)
    for place, head in enumerate(one.heads):
        shown.add_column(head, justify="left" if place == 0 else "right")
    for row in one.rows:
        shown.add_row(*row)
    return Group(Text(f"\n{one.title}", style="italic"), shown)
