"""Logs as JSON lines, one event each; or in colours for people."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor


def configure(level: str, as_json: bool, service: str, to: Literal["stdout", "stderr"] = "stdout") -> None:
    """For the whole process; called once at its beginning. Every line names the service."""
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
        # Looked up for each line: a stream that was replaced since may be closed.
        logger_factory=lambda *_: structlog.PrintLogger(getattr(sys, to)),
    )


def _named(service: str) -> Processor:
    def name(_logger: object, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return name
