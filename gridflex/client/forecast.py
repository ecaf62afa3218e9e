"""The nouns of the forecast service: series, observations, weather, forecasts, scenarios, backtests, models."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from gridflex.client.calls import Call, Speaker, document, given, member, operation
from gridflex.client.tickets import Ticket

if TYPE_CHECKING:
    from grid_models.forecast import Forecast, Scenarios

Moment = datetime | str
Names = Sequence[str] | str


class Series(Speaker):
    """What is forecast, and what drives it."""

    @operation("POST", "/v1/series")
    def describe(self, series: Sequence[Any]) -> Call[dict[str, Any]]:
        """Describe many: all of them or none."""
        return Call(document, json=given(series=list(series)))

    @operation("PUT", "/v1/series/{name}")
    def put(self, name: str, description: Any) -> Call[dict[str, Any]]:
        """Describe one; what was said before stays known as of then."""
        return Call(document, json=given(it=description)["it"])

    @operation("GET", "/v1/series")
    def page(
        self, cursor: str = "", limit: int = 100, kind: str | None = None, zone: str | None = None
    ) -> Call[dict[str, Any]]:
        """A page of the series in the order of their names."""
        return Call(document, params=given(cursor=cursor or None, limit=limit, kind=kind, zone=zone))

    def each(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Every series, fetched as they are looked at."""

        def page(cursor: str) -> Call[dict[str, Any]]:
            return Call(document, "GET", "/v1/series", params=given(cursor=cursor or None, limit=500, kind=kind))

        return self._transport.each(page, "series")  # type: ignore[no-any-return]

    @operation("GET", "/v1/series/{name}")
    def get(self, name: str, as_of: Moment | None = None) -> Call[dict[str, Any]]:
        """What is said about one series."""
        return Call(document, params=given(as_of=as_of))

    @operation("GET", "/v1/series/{name}/versions")
    def versions(self, name: str) -> Call[list[dict[str, Any]]]:
        """Everything that was ever said about it."""
        return Call(member("versions"))


class Observations(Speaker):
    """What was measured."""

    @operation("POST", "/v1/observations")
    def add(self, observations: Sequence[Mapping[str, Any]], correct: bool = False) -> Call[dict[str, Any]]:
        """Send values; the answer says what became of each and what is doubtful."""
        return Call(document, json=given(observations=list(observations), correct=correct), once=True)

    @operation("GET", "/v1/observations")
    def get(
        self, series: Names, first: Moment | None = None, end: Moment | None = None, as_of: Moment | None = None
    ) -> Call[list[dict[str, Any]]]:
        """What was known at a moment, from `first` up to `end`."""
        query = given(series=_names(series), as_of=as_of, to=end) | given(**{"from": first})
        return Call(member("observations"), params=query)

    @operation("POST", "/v1/observations/check")
    def check(
        self,
        series: Names,
        first: Moment | None = None,
        end: Moment | None = None,
        mark: bool = False,
        correct: bool = False,
    ) -> Call[dict[str, Any]]:
        """What is doubtful about values that are kept."""
        query = given(series=_names(series), to=end, mark=mark, correct=correct) | given(**{"from": first})
        return Call(document, params=query)


class Weather(Speaker):
    """Weather forecasts of others."""

    @operation("POST", "/v1/weather")
    def add(self, issues: Sequence[Mapping[str, Any]]) -> Call[dict[str, Any]]:
        """Bring them issue by issue."""
        return Call(document, json=given(issues=list(issues)), once=True)


class Forecasts(Speaker):
    """What is said of the hours to come."""

    @operation("POST", "/v1/forecasts")
    def make(self, /, series: Names = (), keep: bool = True, **asked: Any) -> Call[list["Forecast"]]:
        """Make forecasts now, or as of an earlier `origin`; also `kind`, `zone`, `horizon`, `start`, `levels`."""
        return Call(_forecasts, json=given(series=_names(series), keep=keep, **asked))

    @operation("GET", "/v1/forecasts")
    def newest(
        self, series: Names, as_of: Moment | None = None, author: str | None = None, until: Moment | None = None
    ) -> Call[list["Forecast"]]:
        """The newest of each series that was known at a moment."""
        return Call(_forecasts, params=given(series=_names(series), as_of=as_of, author=author, until=until))

    @operation("GET", "/v1/forecasts/vintages")
    def vintages(
        self,
        series: Names,
        first: Moment | None = None,
        end: Moment | None = None,
        as_of: Moment | None = None,
        author: str | None = None,
    ) -> Call[list["Forecast"]]:
        """Everything that was issued from `first` up to `end`."""
        query = given(series=_names(series), to=end, as_of=as_of, author=author) | given(**{"from": first})
        return Call(_forecasts, params=query)

    @operation("POST", "/v1/forecasts/brought")
    def bring(self, author: str, forecasts: Sequence[Any]) -> Call[dict[str, Any]]:
        """Bring forecasts that somebody else made."""
        return Call(document, json=given(author=author, forecasts=list(forecasts)))

    @operation("POST", "/v1/forecasts/explanations")
    def explain(self, /, series: Names, **asked: Any) -> Call[list[dict[str, Any]]]:
        """What moved the median away from climatology."""
        return Call(member("explanations"), json=given(series=_names(series), **asked))

    @operation("POST", "/v1/forecasts/submissions")
    def submit(self, /, series: str, rule: str, **asked: Any) -> Call[dict[str, Any]]:
        """The curve that is expected to cost least under an accuracy rule."""
        return Call(document, json=given(series=[series], rule=rule, **asked))


class ScenarioDraws(Speaker):
    """Joint futures, and odds."""

    @operation("POST", "/v1/scenarios")
    def draw(self, /, series: Names = (), **asked: Any) -> Call["Scenarios"]:
        """Draw joint futures: `drawn`, `reduced_to`, `seed`, and what forecasts are asked with."""
        return Call(_scenarios, json=given(series=_names(series), **asked))

    @operation("POST", "/v1/scenarios/odds")
    def odds(self, /, question: str, series: Names = (), **asked: Any) -> Call[dict[str, Any]]:
        """How likely load passes a threshold, net load ramps, or response will be needed."""
        return Call(document, json=given(question=question, series=_names(series), **asked))


class BacktestTicket(Ticket, what="backtest", place="/v1/backtests/{identity}"):
    """A backtest that was asked for; `scores` once it is done."""

    @property
    def state(self) -> dict[str, Any]:
        return self.document.get("ticket", self.document)  # type: ignore[no-any-return]

    @property
    def scores(self) -> dict[str, Any]:
        return self.document.get("scores") or {}

    def cancel(self) -> "BacktestTicket":
        return super().cancel()


class Backtests(Speaker):
    """What would have been said, scored."""

    @operation("POST", "/v1/backtests")
    def ask(self, /, series: Names, first: Moment, last: Moment, **asked: Any) -> Call[BacktestTicket]:
        """Origins from `first` to `last`; also `model`, `horizon`, `every_h`, `folds`, `levels`."""
        return Call(self._ticket, json=given(series=_names(series), first=first, last=last, **asked), once=True)

    @operation("GET", "/v1/backtests/{identity}")
    def get(self, identity: str) -> Call[BacktestTicket]:
        return Call(self._ticket)

    @operation("GET", "/v1/backtests/rules")
    def rules(self) -> Call[list[dict[str, Any]]]:
        """The accuracy rules by which plants are paid."""
        return Call(member("rules"))

    @operation("POST", "/v1/backtests/scores")
    def score(self, /, series: Names, first: Moment, last: Moment, **asked: Any) -> Call[dict[str, Any]]:
        """What was issued, scored on what came; also `author` and `rule`."""
        return Call(document, json=given(series=_names(series), first=first, last=last, **asked))

    def _ticket(self, response: httpx.Response) -> BacktestTicket:
        return BacktestTicket(self._transport, document(response))


class TrainingTicket(Ticket, what="training", place="/v1/models/trainings/{identity}"):
    """A training that was asked for."""

    @property
    def models(self) -> list[dict[str, Any]]:
        """What came out, once it is done."""
        return (self.document.get("result") or {}).get("models", [])  # type: ignore[no-any-return]


class Models(Speaker):
    """What has been trained, and which of it answers."""

    @operation("GET", "/v1/models")
    def all(self, slot: str | None = None, kind: str | None = None) -> Call[list[dict[str, Any]]]:
        """All trained models."""
        return Call(member("models"), params=given(slot=slot, kind=kind))

    @operation("GET", "/v1/models/known")
    def known(self) -> Call[list[dict[str, Any]]]:
        """The ways to forecast that can be trained."""
        return Call(member("models"))

    @operation("POST", "/v1/models/trainings")
    def train(self, /, kind: str, **wish: Any) -> Call[TrainingTicket]:
        """Train a challenger; also `horizon`, `series`, `models`, `origin`, `holdout_days`."""
        return Call(self._ticket, json=given(kind=kind, **wish), once=True)

    @operation("GET", "/v1/models/trainings/{identity}")
    def training(self, identity: str) -> Call[TrainingTicket]:
        return Call(self._ticket)

    @operation("POST", "/v1/models/promotions")
    def promote(self, slot: str, version: int) -> Call[dict[str, Any]]:
        """Let this version answer from now on."""
        return Call(document, json=given(slot=slot, version=version))

    @operation("POST", "/v1/models/rollbacks")
    def roll_back(self, slot: str) -> Call[dict[str, Any]]:
        """Let the champion before this one answer again."""
        return Call(document, json=given(slot=slot))

    def _ticket(self, response: httpx.Response) -> TrainingTicket:
        return TrainingTicket(self._transport, document(response))


def _names(series: Names) -> list[str]:
    return [series] if isinstance(series, str) else list(series)


def _forecasts(response: httpx.Response) -> list["Forecast"]:
    from grid_models.forecast import Forecast

    return [Forecast.model_validate(one) for one in response.json()["forecasts"]]


def _scenarios(response: httpx.Response) -> "Scenarios":
    from grid_models.forecast import Scenarios

    return Scenarios.model_validate_json(response.content)
