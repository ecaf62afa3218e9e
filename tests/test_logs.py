"""Logs go where the process's streams are at that moment."""

import contextlib
import io
import json

import structlog

from services.web import logs


def test_a_line_goes_to_the_stream_of_its_moment():
    first, second = io.StringIO(), io.StringIO()
    log = structlog.get_logger("before")
    with contextlib.redirect_stderr(first):
        logs.configure("INFO", as_json=True, service="demo", to="stderr")
        log.info("one")
    first.close()
    with contextlib.redirect_stderr(second):
        log.info("two", job=7)
        log.debug("not of this level")
    line = json.loads(second.getvalue())
    assert ("two", 7, "demo", "info") == (line["event"], line["job"], line["service"], line["level"])
