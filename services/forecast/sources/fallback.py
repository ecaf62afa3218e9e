"""Several weather sources in order: the first that answers is taken, and what failed is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from grid_models.forecast import SeriesDescription
from services.forecast.known import Moment
from services.forecast.sources.health import Health, HealthBook
from services.forecast.sources.open_meteo import SourceFailed, WeatherSource
from services.forecast.store import WeatherIssue

log = structlog.get_logger(__name__)


class NoSourceAnswered(SourceFailed):
    """None of the sources gave an answer; each says why."""

    type = "/problems/no-weather-source"
    title = "No weather source answered"

    def __init__(self, reasons: Sequence[str]):
        super().__init__("weather", "all", "; ".join(reasons), again=False)


@dataclass(frozen=True)
class Answer:
    """What a source said, and who did not."""

    source: str
    issues: list[WeatherIssue]
    reasons: tuple[str, ...] = ()
    """Why the sources before it gave no answer."""


@dataclass(frozen=True)
class Fallback:
    """Sources in the order in which they are asked."""

    sources: tuple[WeatherSource, ...]
    book: HealthBook = field(default_factory=HealthBook)

    def latest(self, series: Sequence[SeriesDescription], now: Moment, days: int = 10) -> Answer:
        """What the first source says that answers.

        One that failed lately rests and is asked only if no other answers.
        """
        reasons: list[str] = []
        for source in sorted(self.sources, key=lambda source: self.book.rests(source.name)):
            try:
                issues = source.latest(series, now, days)
            except SourceFailed as error:
                self.book.failed(source.name, error.kind, error.detail)
                log.warning("weather source failed", source=source.name, reason=error.kind, detail=error.detail)
                reasons.append(error.detail)
            else:
                self.book.succeeded(source.name)
                return Answer(source.name, issues, tuple(reasons))
        raise NoSourceAnswered(reasons or ["no source is set up"])

    @property
    def health(self) -> tuple[Health, ...]:
        return tuple(self.book.of(source.name) for source in self.sources)
