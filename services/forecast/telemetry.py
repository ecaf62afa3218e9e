"""What the service tells Prometheus: base units in the names, and labels with few values only; ids belong in logs."""

from contextlib import AbstractContextManager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
LEAD_BUCKETS_H = (1, 4, 12, 24, 48, 120, 240)
"""Upper ends of the lead times that scores are told apart by."""
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def lead_bucket(lead_h: float) -> str:
    """The label of a lead time, such as `le_24h`."""
    return next((f"le_{end}h" for end in LEAD_BUCKETS_H if lead_h <= end), f"gt_{LEAD_BUCKETS_H[-1]}h")


REQUEST_SECONDS = Histogram(
    "gridflex_forecast_request_seconds",
    "Time from the arrival of a request to the end of its answer.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=_SECONDS,
)
STORE_SECONDS = Histogram(
    "gridflex_forecast_store_seconds",
    "Time that a transaction of the store takes, reading or writing.",
    ("operation",),
    registry=REGISTRY,
    buckets=_SECONDS,
)


def timed(operation: str) -> AbstractContextManager[Any]:
    """Measures a transaction of the store."""
    return STORE_SECONDS.labels(operation).time()


INGESTED = Counter(
    "gridflex_forecast_ingested_values",
    "Values that arrived, by what became of them: new, corrected or repeated.",
    ("kind", "outcome"),
    registry=REGISTRY,
)
DOUBTED = Counter(
    "gridflex_forecast_doubted_values", "Values that the quality gate doubts.", ("doubt", "action"), registry=REGISTRY
)
FORECAST_AGE_SECONDS = Gauge(
    "gridflex_forecast_age_seconds",
    "Time since the newest forecast was issued, of the oldest series of its kind.",
    ("kind",),
    registry=REGISTRY,
)
PINBALL = Gauge(
    "gridflex_forecast_pinball_ratio",
    "Mean pinball loss as a share of capacity or mean load, by kind and lead time.",
    ("kind", "lead"),
    registry=REGISTRY,
)
COVERAGE = Gauge(
    "gridflex_forecast_coverage_ratio",
    "Share of the values inside the 90 % interval, by kind and lead time.",
    ("kind", "lead"),
    registry=REGISTRY,
)
SKILL = Gauge(
    "gridflex_forecast_skill_ratio",
    "Share of the pinball loss of repeating the last known day (load: week) that is saved, by kind and lead time.",
    ("kind", "lead"),
    registry=REGISTRY,
)
QUEUE = Gauge(
    "gridflex_forecast_queue_length_jobs", "Trainings and backtests that wait for a worker.", registry=REGISTRY
)
QUEUE_AGE_SECONDS = Gauge(
    "gridflex_forecast_queue_age_seconds", "How long the job that waits longest has waited.", registry=REGISTRY
)
DRIFT = Gauge(
    "gridflex_forecast_drift_ratio",
    "Recent pinball loss of the champion over that of its training, by kind.",
    ("kind",),
    registry=REGISTRY,
)
SOURCE_HEALTHY = Gauge(
    "gridflex_forecast_source_healthy", "Whether a weather source answered last time.", ("source",), registry=REGISTRY
)
SOURCE_LAST_SUCCESS_SECONDS = Gauge(
    "gridflex_forecast_source_last_success_timestamp_seconds",
    "When a weather source last answered, in Unix time.",
    ("source",),
    registry=REGISTRY,
)
SOURCE_FAILURES = Counter(
    "gridflex_forecast_source_failures",
    "Questions that a weather source did not answer, by reason.",
    ("source", "reason"),
    registry=REGISTRY,
)
