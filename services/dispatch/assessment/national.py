"""All provinces side by side: each assessed in a process of its own, by Dask; what is done is kept."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from grid_models.quantities import Data
from services.dispatch.assessment.document.assessment import Answer, Assessment
from services.dispatch.assessment.document.ways import Closing
from services.dispatch.assessment.profiles import DEFAULT
from services.dispatch.assessment.wish import AssessmentWish
from services.dispatch.processes import Limits, Solve

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

STRICT, WHOLE = "STRICT", "CN-2021"
MEMORY_MB = 4096
"""Of one province."""


class ProvinceRow(Data):
    """A province in the national table."""

    name: str
    title: str
    title_zh: str
    peak_mw: float
    contracted_mw: float
    """By the default definition: demand side, on paper."""
    contracted_answer: Answer
    held_mw: float
    """By the strict definition: demand side, four hours."""
    held_answer: Answer
    whole_mw: float
    """Contracted with storage on the grid's side and pumped hydro."""
    pumped_hydro_mw: float
    gap_mw: float
    """To the strict target."""
    closing_cny_per_year: float
    """Of the cheapest portfolio that closes the strict gap; what is left open is not priced."""
    unserved_mwh: float
    """On the worst days, without response."""
    unserved_answered_mwh: float
    lolh_h: float | None = None
    lolh_answered_h: float | None = None

    @property
    def held_share(self) -> float:
        return self.held_mw / self.peak_mw

    @property
    def contracted_share(self) -> float:
        return self.contracted_mw / self.peak_mw


class Failure(Data):
    """A province that could not be assessed, and why."""

    name: str
    problem: str


class Nation(Data):
    """The provinces of one year."""

    year: int
    rows: tuple[ProvinceRow, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def peak_sum_mw(self) -> float:
        """Provinces peak at different hours: the sum is above the peak of the nation."""
        return sum(one.peak_mw for one in self.rows)


def row_of(found: Assessment) -> ProvinceRow:
    """What the national table keeps of a province."""
    paper, strict, whole = found.of(DEFAULT), found.of(STRICT), found.of(WHOLE)
    pumped = sum(one.contracted_mw for one in whole.capability.shares if one.source == "P")
    closing = next((one for one in found.closings if one.profile == STRICT), None)
    return ProvinceRow(
        name=found.name,
        title=found.title,
        title_zh=found.title_zh,
        peak_mw=found.load.peak_mw,
        contracted_mw=paper.capability.contracted_mw,
        contracted_answer=paper.answer,
        held_mw=strict.capability.deliverable_mw,
        held_answer=strict.answer,
        whole_mw=whole.capability.contracted_mw,
        pumped_hydro_mw=pumped,
        gap_mw=strict.gap_mw or 0.0,
        closing_cny_per_year=_cost(closing),
        unserved_mwh=sum(day.without.unserved_mwh for day in found.days),
        unserved_answered_mwh=sum(day.answered.unserved_mwh for day in found.days),
        lolh_h=found.risk.without.lolh_h if found.risk else None,
        lolh_answered_h=found.risk.answered.lolh_h if found.risk else None,
    )


def _cost(closing: Closing | None) -> float:
    return closing.closed.portfolio.cost_cny_per_year[0] if closing else 0.0


@dataclass(frozen=True)
class Survey:
    """Every province under the same wish, kept in a folder."""

    wish: AssessmentWish
    folder: Path
    """Gets `<province>.json` each; one that is there and answers the same wish is not made again."""

    def provinces(self, names: Sequence[str], client: "Client", tell: Callable[[str], None]) -> Nation:
        """Assess those that are not there yet, as many at once as Dask has threads, and bring all together."""
        from distributed import as_completed

        self.folder.mkdir(parents=True, exist_ok=True)
        missing = [name for name in names if self.kept(name) is None]
        tell(f"{len(names) - len(missing)} of {len(names)} provinces are there already")
        futures = {client.submit(assessed_apart, self._of(name), pure=False, retries=1): name for name in missing}
        failures = []
        for done, future in enumerate(as_completed(list(futures), loop=client.loop), start=1):
            name = futures[future]
            failure = self._taken(name, future)
            failures += [failure] if failure else []
            tell(f"{name}: {failure.problem if failure else 'done'} ({done} of {len(missing)})")
        return self.nation(names, failures)

    def nation(self, names: Sequence[str], failures: Sequence[Failure] = ()) -> Nation:
        rows = sorted((row_of(one) for one in self._all(names)), key=lambda row: -row.held_share)
        return Nation(year=self.wish.year, rows=tuple(rows), failures=tuple(failures))

    def kept(self, name: str) -> Assessment | None:
        """What an earlier run left, if it was asked the same of the same card."""
        try:
            text = self._path(name).read_text(encoding="utf-8")
            kept = Kept.model_validate_json(text)
        except (OSError, ValidationError):
            return None
        return kept.assessment if kept.wish == self._of(name) and kept.is_of_now else None

    def _all(self, names: Sequence[str]) -> Iterator[Assessment]:
        for name in names:
            found = self.kept(name)
            if found is not None:
                yield found

    def _taken(self, name: str, future: object) -> Failure | None:
        try:
            answer = future.result()  # type: ignore[attr-defined]
        except Exception as error:
            return Failure(name=name, problem=f"{type(error).__name__}: {error}")
        if "problem" in answer:
            return Failure(name=name, problem=str(answer["problem"].get("detail", "failed")))
        found = Assessment.model_validate(answer["answer"])
        _write_whole(self._path(name), Kept(wish=self._of(name), assessment=found).model_dump_json())
        return None

    def _of(self, name: str) -> AssessmentWish:
        return self.wish.model_copy(update={"province": name})

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


class Kept(Data):
    """An assessment with what was asked."""

    wish: AssessmentWish
    assessment: Assessment

    @property
    def is_of_now(self) -> bool:
        """Whether the card still gives the same fleet and day, by code of the same version."""
        from services.dispatch.assessment.assessing import versions

        made = self.assessment.provenance
        return made.case_hash == _case_hash(self.wish.province or "", self.wish.year) and made.versions == versions()


@cache
def _case_hash(province: str, year: int) -> str:
    """Of the worst day: a card is built once, however often its province is looked at."""
    from services.dispatch.assessment.provincial import subject_of_province

    return subject_of_province(province, year, days=1).case.hash


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def assessed_apart(wish: AssessmentWish) -> dict[str, object]:
    """One province in a process under a limit of memory and time: as a Dask task, on whichever machine."""
    limits = Limits(MEMORY_MB, wish.seconds, 60.0)
    with Solve({"assessment": wish.model_dump(mode="json")}, b"null", limits) as solve:
        ended = solve.watch(lambda _: True)
    assert ended is not None
    return {"answer": ended.answer} if ended.answer is not None else {"problem": ended.problem or {}}


def this_machine() -> "LocalCluster":
    """As many provinces at once as there are cores; each solves in a process of its own."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=1,
        threads_per_worker=os.cpu_count() or 1,
        processes=False,
        dashboard_address="127.0.0.1:0",  # any free port: another may run beside it
    )
