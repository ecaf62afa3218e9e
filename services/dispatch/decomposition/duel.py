"""Two searches side by side, one thread each: one proves that no plan is cheaper, the other looks for one.

The prover asks whether any plan costs at most c = (1 - gap) x the best cost. Every decision whose exact price gap puts
it above c is fixed, branches above c are cut off at once (HiGHS option `objective_bound`), and no time goes into
heuristics: a tree that is searched to its end without such a plan proves c. First only the class counts have to be
whole: that is mostly enough, and takes two thirds of the time. The finder begins near the schedules of the master and
ends with everything below the best plan.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.neighbourhoods import Place, around, neighbourhoods
from services.dispatch.solve.guarded import DIED, INTERRUPTED, Guarded, Heard, Message, Start, next_word
from services.dispatch.solve.highs import News, Outcome, Settings
from services.dispatch.solve.reduction import reduced

PROOF_ONLY = {
    # Presolve would substitute the class counts, and with them the whole numbers that cuts and branches need.
    "presolve": "off",
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
WORTH_A_NEW_PROOF = 0.3
"""Of what the proof still has to rise, how much a better plan must take off for the proof to begin again."""
ENOUGH = 1 - 1e-4
"""Of the gap asked for, what a cutoff leaves open, so that rounding does not keep a proof from being one."""


class Side:
    """One of the two: the search that it runs at the moment, if any."""

    def __init__(self, best: Incumbent, hunt: Hunt, heard: Heard):
        self.best, self.hunt, self.heard = best, hunt, heard
        self.searching: Guarded | None = None

    def search(self, place: Place, start: Start | None) -> None:
        self.end()
        self.place = place
        self.searching = Guarded(place.matrix, place.settings, start, self.heard)

    def end(self) -> None:
        if self.searching is not None:
            self.searching.end()
        self.searching = None

    def hear(self, message: Message) -> None:
        """Take up the plan and the bound of a message of this side; whatever is not mere news was the last."""
        if message is not None:
            self._take_plan(message)
            end = message.end if isinstance(message, Outcome) else "stopped"
            bound = -np.inf if message.bound is None else message.bound
            self.best.raise_bound(min(self.place.proves(bound, end), self.best.objective))
        if not isinstance(message, News):
            self.end()

    def _take_plan(self, message: News | Outcome) -> None:
        if message.objective is not None and message.objective < self.best.objective:
            found = self.place.plan(message)
            if found is not None:
                self.best.take(found)


class Prover(Side):
    """A tree whose branches end at a cutoff."""

    counting = True
    """Whether whole counts may yet be enough for the proof."""

    def begin(self) -> None:
        """Ask anew, against the best plan as it is now."""
        settings, cutoff = self.hunt.settings, self._cutoff()
        options = settings.options
        if np.isfinite(cutoff):
            options = {**options, **PROOF_ONLY, "objective_bound": cutoff}
        wish = replace(settings, gap=0.0, threads=1, seconds=max(self.hunt.left_s, 0.5), options=options)
        self.search(self._question(cutoff, wish), None)

    def hear(self, message: Message) -> None:
        """The same; where whole counts were not enough for the proof, everything must be whole."""
        super().hear(message)
        if self.searching is None and self.best.gap() > self.hunt.settings.gap:
            self._go_on(message)

    def _go_on(self, message: Message) -> None:
        """A mixture of units below the cutoff is near a plan: that is looked for first."""
        self.counting = False
        if self.place.relaxed and message is not None and message.values is not None:
            place = around(self.best, self.hunt, self.place.whole(message.values))
            self.search(place, self.hunt.start(self.best.values))
        elif self.place.relaxed or self.place.cutoff is None:
            self.begin()

    def _question(self, cutoff: float, wish: Settings) -> Place:
        """Whether there is a plan up to a cost; only what limits alone decide is left out, no count is."""
        narrowed = whole = self.hunt.below(cutoff)
        if self.counting and np.isfinite(cutoff):
            narrowed = self.hunt.counted(whole)
        reduction = reduced(narrowed)
        left = replace(reduction.matrix, integer=narrowed.integer[reduction.rest.column_of])
        if not left.cost.size:
            return Place(self.hunt, whole, wish, cutoff)
        return Place(self.hunt, left, wish, cutoff, reduction, relaxed=narrowed is not whole)

    def _cutoff(self) -> float:
        """The bound that is enough; infinite where there is no plan yet."""
        objective = self.best.objective
        return objective - ENOUGH * self.hunt.settings.gap * abs(objective) if np.isfinite(objective) else np.inf

    @property
    def is_behind(self) -> bool:
        """Whether the best plan is so much better by now that a new proof will be quicker."""
        old, new = self.place.cutoff, self._cutoff()
        if old is None:
            return False
        if self.searching is None or np.isinf(old):
            return new < old
        return old - new > WORTH_A_NEW_PROOF * max(old - self.best.bound, 0.0)


class Finder(Side):
    """One search after the other for a better plan."""

    def __init__(self, best: Incumbent, hunt: Hunt, heard: Heard):
        super().__init__(best, hunt, heard)
        self.places: Iterator[Place] = neighbourhoods(best, hunt, threads=1)

    def begin(self) -> None:
        """Go on to the next place, if there is one."""
        place = next(self.places, None)
        if place is not None:
            self.search(place, place.hunt.start(self.best.values))


def duel(best: Incumbent, hunt: Hunt) -> str:
    """Until the gap is proven, or why it was not."""
    heard: Heard = Heard()
    prover, finder = Prover(best, hunt, heard), Finder(best, hunt, heard)
    try:
        prover.begin()
        finder.begin()
        return _until_proven(best, hunt, prover, finder)
    except KeyboardInterrupt:
        _last_words(prover, finder)
        return INTERRUPTED
    finally:
        prover.end()
        finder.end()


def _until_proven(best: Incumbent, hunt: Hunt, prover: Prover, finder: Finder) -> str:
    while best.gap() > hunt.settings.gap:
        if hunt.left_s <= 0:
            return "its time limit"
        sides = [side for side in (prover, finder) if side.searching is not None]
        if not sides:
            return DIED
        if sum(side.searching.resident_mb for side in sides if side.searching) > (hunt.memory_limit_mb or np.inf):
            return f"its memory limit of {hunt.memory_limit_mb:g} MB"
        _hear_next(prover, finder)
        best.hear(None, None)
        if finder.searching is None:
            finder.begin()
        if prover.is_behind and best.gap() > hunt.settings.gap:
            prover.begin()
    return ""


def _hear_next(prover: Prover, finder: Finder) -> None:
    speaker, message = next_word(prover.heard)
    for side in (prover, finder):
        # Whoever was ended may still have a word in the queue.
        if speaker is not None and side.searching is speaker:
            side.hear(message)


def _last_words(prover: Prover, finder: Finder) -> None:
    """What was said and not yet heard when the duel came to its end."""
    while not prover.heard.empty():
        _hear_next(prover, finder)
