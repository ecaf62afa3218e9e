"""Logs as JSON lines, one event each; or in colours for people."""

import logging
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor


def configure(level: str, as_json: bool, service: str, to: TextIO | None = None) -> None:
    """For the whole process; called once at its beginning. Every line names the service; `to` is stdout by default."""
    shown = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _named(service),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(to),
    )


def _named(service: str) -> Processor:
    def name(_logger: object, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return name
