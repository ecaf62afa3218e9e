"""Who asks, and what they may do: API keys of ours, bearer tokens of an issuer, or anybody where that is set."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from services.dispatch.api.wiring import TheSettings, TheStore
from services.dispatch.scopes import MAY, SCOPES, Act
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.access import PREFIX
from services.web.errors import NotAllowed, NotReady, NotSignedIn, RateLimited

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures with a public key only: a shared secret would let whoever checks tokens make them."""
CLOCK_SKEW_S = 30
CALLERS_MAX = 10_000

_BEARER = HTTPBearer(auto_error=False, description="An API key, or a token of the OpenID Connect issuer.")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
Header = Annotated[str | None, Security(_HEADER)]


@dataclass(frozen=True)
class Principal:
    """Whoever asks."""

    name: str
    scopes: tuple[str, ...]

    def may(self, act: Act) -> bool:
        return any(scope in MAY[act] for scope in self.scopes)


def allowed(act: Act) -> Callable[..., Principal]:
    """A dependency that lets in only those who may do this."""

    def check(request: Request, store: TheStore, settings: TheSettings, bearer: Bearer, header: Header) -> Principal:
        buckets: Buckets = request.app.state.buckets
        caller = request.client.host if request.client else "unknown"
        try:
            principal = _principal(store, settings, (bearer.credentials if bearer else None) or header)
        except NotSignedIn:
            buckets.take(f"unknown at {caller}")
            raise
        request.state.who = principal.name
        buckets.take(principal.name)
        if not principal.may(act):
            needed = " or ".join(MAY[act])
            raise NotAllowed(f"{principal.name} is {_listed(principal)}; this needs {needed}", needed=list(MAY[act]))
        return principal

    return check


Viewer = Annotated[Principal, Depends(allowed("read"))]
Planner = Annotated[Principal, Depends(allowed("plan"))]
Operator = Annotated[Principal, Depends(allowed("issue"))]
Admin = Annotated[Principal, Depends(allowed("administer"))]


def _principal(store: Store, settings: Settings, credential: str | None) -> Principal:
    if settings.auth == "off":
        return Principal("anybody", ("admin",))
    if not credential:
        raise _not_signed_in("send an API key or a bearer token in Authorization: Bearer …")
    if credential.startswith(PREFIX):
        key = store.access.find(credential)
        if key is None:
            raise _not_signed_in("the API key is unknown, revoked or has expired; ask an admin for a new one")
        return Principal(f"key {key.id} {key.name}", key.scopes)
    if not settings.oidc_issuer:
        raise _not_signed_in("this is no API key of ours, and bearer tokens are not accepted here")
    return _of_token(settings, credential)


def _of_token(settings: Settings, token: str) -> Principal:
    try:
        key = _keys_of(settings.oidc_jwks_url).get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=settings.oidc_audience,
            issuer=settings.oidc_issuer,
            leeway=CLOCK_SKEW_S,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.PyJWKClientConnectionError as error:
        raise NotReady("the issuer's keys cannot be fetched at the moment; use an API key or come back") from error
    except jwt.PyJWTError as error:
        raise _not_signed_in(f"the bearer token is not accepted: {error}") from error
    return Principal(f"token {claims['sub']}", _scopes_in(claims.get(settings.oidc_scope_claim)))


def _scopes_in(claim: Any) -> tuple[str, ...]:
    given = claim.split() if isinstance(claim, str) else claim
    return tuple(one for one in given if one in SCOPES) if isinstance(given, list) else ()


@cache
def _keys_of(url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(url, cache_keys=True, lifespan=300, timeout=5)


def _not_signed_in(words: str) -> NotSignedIn:
    error = NotSignedIn(words)
    error.headers = {"WWW-Authenticate": 'Bearer realm="gridflex"'}
    return error


def _listed(principal: Principal) -> str:
    return " and ".join(principal.scopes) or "nobody in particular"


class Buckets:
    """How often each caller may ask: so many at once, and so many a second for ever."""

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic):
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """One request; raises `RateLimited` where none is left."""
        with self._lock:
            now_s = self._clock()
            left, since_s = self._left.pop(caller, (float(self._burst), now_s))
            left = min(self._burst, left + (now_s - since_s) * self._rate_per_s)
            self._left[caller] = (max(0.0, left - 1), now_s)
            while len(self._left) > CALLERS_MAX:
                self._left.popitem(last=False)
        if left < 1:
            wait_s = max(1, round((1 - left) / self._rate_per_s + 0.5))
            raise RateLimited(f"more than {self._rate_per_s:g} requests a second; wait {wait_s} s", wait_s)
