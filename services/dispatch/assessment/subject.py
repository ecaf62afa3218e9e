"""What is assessed: a fleet, the load that it must answer, its worst days, and what is known beside."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.assessment.adequacy import Member, System
from services.dispatch.assessment.capability import Fleet
from services.dispatch.assessment.document.stated import Stated
from services.dispatch.assessment.parts import OUTAGE_RATE, answering, given_mw, renewable_mw, supply_of
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.register import Register
from services.dispatch.assessment.responders import Duplicate, each_meter_once, relief_limits_mw, responders_of


@dataclass(frozen=True)
class Growth:
    """How load and response change by the year: P10, P50 and P90, and where that comes from."""

    load: tuple[float, float, float]
    """Share of the peak a year."""
    response: tuple[float, float, float]
    """Share of today's response that is added a year."""
    source: str


@dataclass(frozen=True)
class Subject:
    """A province or a case, as the assessment sees it."""

    name: str
    case: Case
    """Names the fleet, on its worst day."""
    load: LoadYear
    """The gross load that is judged: a year where one is known."""
    supply: System
    """Units that fail, before the weather years of the net load."""
    answering: Mapping[str, tuple[Member, ...]]
    """Who answers, class by class, as the adequacy sees it."""
    renewable_mw: Floats | None = None
    """What wind, sun and run of river could give at every step of the load."""
    days: tuple[Case, ...] = ()
    """The worst days, to be planned."""
    register: Register = field(default_factory=Register)
    year: int | None = None
    growth: Growth | None = None
    title: str = ""
    title_zh: str = ""
    stated: tuple[Stated, ...] = ()
    """Figures of the card on which most rests."""
    names_zh: Mapping[str, str] = field(default_factory=dict)
    """What resources are called in Chinese."""
    notes: tuple[str, ...] = ()
    """What the reader must know of its making, such as that a load is synthetic."""
    coal_mw: float = 0.0
    """Coal power that stands in the province, in rated output."""
    temperature_c: Floats | None = None
    """At every step of the load."""
    other_loads_mw: tuple[Floats, ...] = ()
    """The load as other years of weather would have had it."""

    def fleet(self) -> tuple[Fleet, tuple[Duplicate, ...]]:
        """The responders before the load, each meter once, and the log of meters that stood twice."""
        known = self.register
        all_of_them = responders_of(self.case, known.delivery, known.meters, known.captive)
        responders, log = each_meter_once(all_of_them)
        return Fleet(self.load, responders, relief_limits_mw(self.case), known.tests, known.today), log

    def with_register(self, known: Register) -> "Subject":
        """The same with what a register knows; `BadInput` where it names somebody who is not there."""
        found = replace(self, register=known)
        found._check_register()
        return found

    def _check_register(self) -> None:
        """A name that nobody bears would silently prove nothing: `BadInput`."""
        known = {one.name for one in responders_of(self.case, captive=self.register.captive)}
        units = {one.name for one in self.case.resources if isinstance(one, ThermalUnit)}
        problems = [_unknown(name, known) for name in sorted(self.register.names - known)]
        problems += [_unknown(name, units) for name in sorted(set(self.register.captive) - units)]
        if problems:
            raise BadInput("register", *problems)


def _unknown(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
    return f"nobody is called '{name}'; there are {', '.join(near)}" if near else f"'{name}' is not there"


def subject_of_case(case: Case, load: LoadYear | None = None, register: Register | None = None) -> Subject:
    """A case as it stands: its horizon is the day to plan, and the load to judge where no other is given."""
    known = register or Register()
    net = LoadYear.of(case).less(given_mw(case))
    own = load is None or len(load.load_mw) == case.steps
    return Subject(
        name=case.name,
        case=case,
        load=load or LoadYear.of(case),
        supply=supply_of(case, net.hourly().load_mw[None, :]),
        answering=answering(case),
        renewable_mw=renewable_mw(case) if own else None,
        days=(case,),
        register=known,
        title=case.name,
        title_zh=case.name,
        notes=(
            f"the case says nothing of outages: every thermal unit is taken to be out {OUTAGE_RATE:.0%} of the time",
        ),
    )
