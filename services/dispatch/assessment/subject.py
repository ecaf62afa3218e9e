"""What is assessed: a fleet, the load that it must answer, its worst days, and what is known beside."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.assessment.adequacy import Member, System
from services.dispatch.assessment.capability import Fleet
from services.dispatch.assessment.document.levels import Test
from services.dispatch.assessment.parts import OUTAGE_RATE, answering, given_mw, renewable_mw, supply_of
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.responders import Duplicate, each_meter_once, relief_limits_mw, responders_of


@dataclass(frozen=True)
class Register:
    """What a case does not say of its responders."""

    delivery: Mapping[str, float] | None = None
    """Share of a call that arrives, by name."""
    meters: Mapping[str, Mapping[str, float]] | None = None
    """Contracted MW by meter, by name."""
    captive: Collection[str] = ()
    """Users' own thermal units under contract."""
    tests: tuple[Test, ...] = ()
    today: date | None = None


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
        responders, log = each_meter_once(responders_of(self.case, known.delivery, known.meters, known.captive))
        return Fleet(self.load, responders, relief_limits_mw(self.case), known.tests, known.today), log


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
