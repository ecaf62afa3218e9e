"""What can go wrong between a request and its answer: each problem has a stable type, a title and an HTTP status.

The message names the quantity, the moment and the way out. Further facts (`field=...`) become members of the
`application/problem+json` body (RFC 9457); the handlers in `services.web.problems` write it.
"""

from typing import Any, ClassVar


class ServiceError(Exception):
    """Something that whoever asked must hear about, in words."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "/problems/internal"
    title: ClassVar[str] = "The fault is ours"

    def __init__(self, detail: str, **facts: Any):
        super().__init__(detail)
        self.detail = detail
        self.facts = facts
        self.headers: dict[str, str] = {}


class NotFound(ServiceError):
    """There is nothing of that name."""

    status = 404
    type = "/problems/not-found"
    title = "There is nothing of that name"


class Unusable(ServiceError):
    """The input cannot be used; nothing was changed."""

    status = 422
    type = "/problems/unusable"
    title = "The input cannot be used"


class NaiveTime(Unusable):
    """A moment without its offset from UTC."""

    type = "/problems/naive-time"
    title = "A moment lacks its offset from UTC"


class Unreadable(ServiceError):
    """The body is not what its content type says."""

    status = 400
    type = "/problems/unreadable"
    title = "The body cannot be read"


class UnsupportedForm(ServiceError):
    """A content type that is not read here."""

    status = 415
    type = "/problems/unsupported-form"
    title = "This content type is not read here"


class TooLarge(ServiceError):
    """More than one request may carry."""

    status = 413
    type = "/problems/too-large"
    title = "More than one request may carry"


class Conflict(ServiceError):
    """The request contradicts what is there."""

    status = 409
    type = "/problems/conflict"
    title = "The request contradicts what is there"


class KeyUsedOtherwise(Conflict):
    """The idempotency key has answered another request."""

    type = "/problems/idempotency-key-used"
    title = "The idempotency key has answered another request"


class NotReady(ServiceError):
    """The service cannot work at the moment."""

    status = 503
    type = "/problems/not-ready"
    title = "Not ready"


class Precondition(ServiceError):
    """What was to be changed has changed meanwhile."""

    status = 412
    type = "/problems/stale"
    title = "It has changed meanwhile"


class PreconditionRequired(ServiceError):
    """A change that does not say what it changes."""

    status = 428
    type = "/problems/if-match-required"
    title = "Say which version you change"


class NotSignedIn(ServiceError):
    """Nobody we know asks."""

    status = 401
    type = "/problems/not-signed-in"
    title = "Sign in first"


class NotAllowed(ServiceError):
    """Whoever asks may not do this."""

    status = 403
    type = "/problems/not-allowed"
    title = "This is not yours to do"


class TooBusy(ServiceError):
    """More is asked than can be done; come back later."""

    status = 429
    type = "/problems/too-busy"
    title = "Come back later"

    def __init__(self, detail: str, retry_after_s: int, **facts: Any):
        super().__init__(detail, retry_after_s=retry_after_s, **facts)
        self.headers = {"Retry-After": str(retry_after_s)}


class RateLimited(TooBusy):
    """One asks too often."""

    type = "/problems/rate-limited"
    title = "Too many requests"


class NotBuiltYet(ServiceError):
    """What is promised and not there yet."""

    status = 501
    type = "/problems/not-built-yet"
    title = "This is not there yet"


class NotAcceptable(ServiceError):
    """A form of answer that is not offered."""

    status = 406
    type = "/problems/not-acceptable"
    title = "This form of answer is not offered"
