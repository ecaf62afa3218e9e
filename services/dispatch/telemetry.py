"""What the service tells Prometheus: base units in the names, and labels with few values only; ids belong in logs.

Figures of this process stand in `REGISTRY`. Figures of the work done are counted in the store with the work itself, so
every replica tells the same ones, and no restart forgets them: take the maximum over the replicas, not the sum.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from services.dispatch.counting import GAP_LE, PREFIX, SOLVE_SECONDS_LE
from services.dispatch.forecasts import FELL_BACK, FETCHED
from services.dispatch.store import Store
from services.dispatch.store.moments import aware, now_ms
from services.dispatch.store.plans import PlanRecord
from services.dispatch.store.tallies import Count

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
ISSUED_LOOKED_AT = 20
"""Of the plans that were issued last, so many may be for other times than now."""
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUEST_SECONDS = Histogram(
    "gridflex_dispatch_request_seconds",
    "Time from the arrival of a request to the end of its answer.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=_SECONDS,
)
STORE_SECONDS = Histogram(
    "gridflex_dispatch_store_seconds",
    "Time that a transaction of the store takes, reading or writing.",
    ("operation",),
    registry=REGISTRY,
    buckets=_SECONDS,
)
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    PREFIX + "jobs": ("Jobs that have ended, by outcome.", ("outcome",)),
    PREFIX + "job_attempts": ("Attempts that ended jobs took.", ()),
    PREFIX + "lost_attempts": ("Attempts whose process was heard of no more.", ()),
    PREFIX + "failures": ("Jobs that failed, by reason.", ("reason",)),
    PREFIX + "plans": ("Plans made, by status.", ("status",)),
    PREFIX + "assessments": ("Assessments made, by the answer under their first or default definition.", ("answer",)),
    PREFIX + "unserved_megawatthours": ("Load that plans could not serve.", ()),
    PREFIX + "spilled_megawatthours": ("Energy that plans could not take.", ()),
    PREFIX + "reserve_shortage_megawatthours": ("Reserve that plans could not hold.", ()),
    PREFIX + "response_calls": ("Calls of response that plans make.", ()),
    PREFIX + "response_called_megawatthours": ("Energy of the calls of response that plans make.", ()),
    FETCHED: ("Forecasts that were fetched from the forecast service.", ()),
    FELL_BACK: ("Plans that had to take the last vintage, as the forecast service did not answer.", ()),
}
HISTOGRAMS: dict[str, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    PREFIX + "solve_seconds": ("Time that a solve spends in each phase.", ("phase",), SOLVE_SECONDS_LE),
    PREFIX + "gap_ratio": ("Relative gap of the plans made.", (), GAP_LE),
}


KNOWN: dict[str, tuple[tuple[str, ...], ...]] = {
    PREFIX + "jobs": (("done",), ("failed",)),
    PREFIX + "plans": (("optimal",), ("feasible",), ("relaxed",)),
}
"""Labels that are told from the beginning: a rise from nothing to one is no rise to Prometheus."""


def figures_of(store: Store) -> CollectorRegistry:
    """The figures of the work done, as they are now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(store))
    return registry


class _Figures(Collector):
    def __init__(self, store: Store):
        self._store = store

    def collect(self) -> Iterator[Metric]:
        counts = self._store.tallies.all()
        for name, (words, labels) in COUNTERS.items():
            yield _counter(name, words, labels, counts)
        for name, (words, labels, bounds) in HISTOGRAMS.items():
            yield _histogram(name, words, labels, bounds, counts)
        yield from self._queue()
        newest = self._store.plans.newest_result()
        for plan in newest:
            yield from _newest(plan)
        for plan in self._in_force() or newest:
            yield from _response(plan)

    def _in_force(self) -> tuple[PlanRecord, ...]:
        """The plan that was issued last of those that run now: what a planner tries meanwhile changes no call."""
        running = (one for one in self._store.plans.issued_last(ISSUED_LOOKED_AT) if _step_now(one.summary or {}) >= 0)
        return tuple(islice(running, 1))

    def _queue(self) -> Iterator[Metric]:
        waiting = self._store.jobs.waiting()
        age_s = 0.0 if waiting.oldest_ms is None else (now_ms() - waiting.oldest_ms) / 1000
        yield _gauge("queue_length_jobs", "Jobs that wait for a worker.", waiting.length)
        yield _gauge("queue_age_seconds", "How long the job that waits longest has waited.", max(0.0, age_s))
        yield _gauge("running_jobs", "Jobs that are worked on.", self._store.jobs.running())


def _counter(name: str, words: str, labels: tuple[str, ...], counts: tuple[Count, ...]) -> Metric:
    family = CounterMetricFamily(name, words, labels=labels)
    found = [count for count in counts if count.metric == name]
    counted = {_values(count, labels): count.value for count in found}
    untold = dict.fromkeys(KNOWN.get(name, () if labels else ((),)), 0.0)
    for values, value in (untold | counted).items():
        family.add_metric(list(values), value)
    return family


def _histogram(
    name: str, words: str, labels: tuple[str, ...], bounds: tuple[float, ...], counts: tuple[Count, ...]
) -> Metric:
    family = HistogramMetricFamily(name, words, labels=labels)
    sums = {_values(count, labels): count.value for count in counts if count.metric == f"{name}_sum"}
    buckets = {
        (_values(count, labels), count.labels["le"]): count.value
        for count in counts
        if count.metric == f"{name}_bucket"
    }
    ends = [*(f"{bound:g}" for bound in bounds), "+Inf"]
    for values, total in sums.items():
        family.add_metric(list(values), [(end, buckets.get((values, end), 0.0)) for end in ends], total)
    return family


def _values(count: Count, labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(count.labels.get(label, "") for label in labels)


def _newest(plan: PlanRecord) -> Iterator[Metric]:
    """Of the plan that was made last."""
    summary = plan.summary or {}
    yield _gauge("newest_plan_gap_ratio", "Relative gap of the newest plan.", summary.get("gap") or 0.0)
    yield _gauge("newest_plan_unserved_megawatthours", "Load unserved in the newest plan.", summary["unserved_mwh"])
    short_mwh = summary["reserve_shortage_mwh"]
    yield _gauge("newest_plan_reserve_shortage_megawatthours", "Reserve short in the newest plan.", short_mwh)


def _response(plan: PlanRecord) -> Iterator[Metric]:
    """Of the plan in force, or of the newest where none is."""
    summary = plan.summary or {}
    available_mw, peak_mw = _now_of(summary), summary.get("demand_peak_mw") or 0.0
    share = available_mw / peak_mw if peak_mw > 0 else 0.0
    words = "Response left uncalled now by the plan that is issued and runs, or by the newest where there is none."
    yield _gauge("response_available_megawatts", words, available_mw)
    yield _gauge("response_available_ratio", "The same as a share of the plan's peak demand.", share)


def _now_of(summary: dict[str, Any]) -> float:
    """The value of the step that runs now, or of the first one where the plan is of another time."""
    series = summary.get("response_available_mw") or [0.0]
    return float(series[max(0, _step_now(summary))])


def _step_now(summary: dict[str, Any]) -> int:
    """Which step of the plan runs now; -1: none."""
    if not summary.get("response_available_mw"):
        return -1
    begun = aware(now_ms()) - datetime.fromisoformat(summary["start"])
    step = begun // timedelta(minutes=summary["step_min"])
    return step if 0 <= step < len(summary["response_available_mw"]) else -1


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, words, value=float(value))
