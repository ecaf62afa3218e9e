"""What can go wrong between a case and its plan, each with the HTTP status that it would have."""


class DispatchError(Exception):
    """Something that a planner must hear about, in words; the message names the way out."""

    status = 500


class Infeasible(DispatchError):
    """No schedule obeys all the data."""

    status = 422


class NoPlanInTime(DispatchError):
    """The limits of time or memory ended the search before there was any plan."""

    status = 503


class RefusedByReferee(DispatchError):
    """The referee found a violation: a fault of ours, so there is no plan."""


class SolverMissing(DispatchError):
    """The solver asked for is not installed."""

    status = 422


class BadRules(DispatchError):
    """The operator's rules file cannot be used."""

    status = 422
