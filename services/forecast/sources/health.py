"""How a weather source has been doing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.forecast.telemetry import SOURCE_FAILURES, SOURCE_HEALTHY, SOURCE_LAST_SUCCESS_SECONDS


@dataclass(frozen=True)
class Health:
    """Of one source."""

    source: str
    healthy: bool = True
    last_success_s: float | None = None
    """Unix time."""
    failures: int = 0
    """Since the last success."""
    reason: str = ""
    """Of the last failure, in words."""
    rests_until_s: float = 0.0
    """A source that fails again and again is left alone for a while."""


REST_FIRST_S, REST_MAX_S = 30.0, 1800.0


class HealthBook:
    """The health of several sources; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._lock = threading.Lock()
        self._health: dict[str, Health] = {}

    def of(self, source: str) -> Health:
        return self._health.get(source, Health(source))

    def rests(self, source: str) -> bool:
        return self.of(source).rests_until_s > self._clock()

    def succeeded(self, source: str) -> None:
        with self._lock:
            self._health[source] = Health(source, last_success_s=self._clock())
        SOURCE_HEALTHY.labels(source).set(1)
        SOURCE_LAST_SUCCESS_SECONDS.labels(source).set(self._clock())

    def failed(self, source: str, kind: str, words: str) -> None:
        with self._lock:
            before = self.of(source)
            rest_s = min(REST_FIRST_S * 2**before.failures, REST_MAX_S)
            self._health[source] = replace(
                before,
                healthy=False,
                failures=before.failures + 1,
                reason=words,
                rests_until_s=self._clock() + rest_s,
            )
        SOURCE_HEALTHY.labels(source).set(0)
        SOURCE_FAILURES.labels(source, kind).inc()
