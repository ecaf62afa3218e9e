"""What can go wrong between a request and its answer here; what both services may say is in `services.web.errors`."""

from services.web.errors import (
    Conflict,
    KeyUsedOtherwise,
    NaiveTime,
    NotFound,
    NotReady,
    TooLarge,
    Unreadable,
    UnsupportedForm,
    Unusable,
)
from services.web.errors import ServiceError as ForecastError


class UnknownSeries(NotFound):
    """No series of that name has been described."""

    type = "/problems/unknown-series"
    title = "No such series"

    def __init__(self, *names: str):
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        super().__init__(f"{shown}: not described yet; PUT /v1/series/{{name}} first", series=list(names[:100]))


class NothingIssued(NotFound):
    """The series has no forecast that answers the question."""

    type = "/problems/nothing-issued"
    title = "No forecast was issued"


__all__ = [
    "Conflict",
    "ForecastError",
    "KeyUsedOtherwise",
    "NaiveTime",
    "NotFound",
    "NotReady",
    "NothingIssued",
    "TooLarge",
    "UnknownSeries",
    "Unreadable",
    "UnsupportedForm",
    "Unusable",
]
