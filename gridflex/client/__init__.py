"""Both services from Python: `Client("http://dispatch:8080", key).plan(case).wait(progress=True).to_pandas()`.

`AsyncClient` has the same nouns and words; every one of them is awaited, and `each(...)` is iterated by `async for`.
"""

from gridflex.client.clients import AsyncClient, Client
from gridflex.client.problems import (
    Away,
    Busy,
    Changed,
    Conflict,
    Failed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    StillGoing,
    Unusable,
)
from gridflex.client.tickets import Ticket

__all__ = [
    "AsyncClient",
    "Away",
    "Busy",
    "Changed",
    "Client",
    "Conflict",
    "Failed",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "Problem",
    "StillGoing",
    "Ticket",
    "Unusable",
]
