"""The client against the documents of both services, and against services in trouble."""

import asyncio
import json
import socketserver
import threading
from contextlib import contextmanager

import pytest
from asking import at_work
from serving import served
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from gridflex.client import AsyncClient, Away, Busy, Client, Problem
from gridflex.client.calls import OPERATIONS
from gridflex.client.patience import Patience
from services.dispatch.app import create_app as dispatch
from services.forecast.app import create_app as forecast

FOR_MACHINES = {"/healthz", "/readyz", "/metrics"}


def documented(app) -> set[tuple[str, str]]:
    paths = app.openapi()["paths"]
    return {(method.upper(), path) for path, item in paths.items() for method in item if path not in FOR_MACHINES}


def test_every_documented_operation_is_a_word_of_the_client_and_the_reverse():
    assert documented(dispatch()) | documented(forecast()) == OPERATIONS


def at_once(told=None):
    """Patience that waits no longer than not at all, and writes down how long it would have waited."""
    told = [] if told is None else told
    return Patience(attempts=4, dice=lambda low, high: told.append((low, high)) or 0.0)


@contextmanager
def answering(*answers):
    """A service that gives these answers, one after the other, and the requests that it got."""
    left, got = list(answers), []

    async def answer(request):
        got.append(request)
        return left.pop(0)

    with served(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "DELETE"])])) as address:
        yield address, got


def busy(status=429, after="7"):
    problem = {"type": "/problems/too-busy", "title": "Come back later", "status": status, "detail": "5 wait already"}
    return JSONResponse(problem, status, {"Retry-After": after})


PLAN = {"id": "a", "url": "/v1/plans/a", "status": "done", "summary": {}}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_as_late_as_it_says(status):
    told = []
    answers = answering(busy(status), busy(status), JSONResponse(PLAN, 202))
    with answers as (address, got), Client(address, patience=at_once(told)) as client:
        assert "a" == client.plan({}).id
    assert [(1.0, 1.2)] * 2 == told
    assert 1 == len({request.headers["Idempotency-Key"] for request in got})


def test_who_is_awaited_asks_again_too():
    async def asked(address):
        async with AsyncClient(address, patience=at_once()) as client:
            return await client.plan({})

    with answering(busy(), JSONResponse(PLAN, 202)) as (address, got):
        assert "a" == asyncio.run(asked(address)).id
    assert 2 == len(got)


def test_patience_ends():
    refused = pytest.raises(Busy, match="5 wait already")
    with answering(*[busy()] * 4) as (address, _), Client(address, patience=at_once()) as client, refused:
        client.plan({})
    with answering(busy(after="3600")) as (address, got), Client(address) as client, pytest.raises(Busy):
        client.plan({})
    assert 1 == len(got)


def test_a_queue_that_is_full_is_waited_for(settings, key, document):
    """Two plans where one may wait: the second is refused until the worker comes."""
    small = settings.model_copy(update={"queue_max": 1})
    with served(dispatch(small)) as address:
        with Client(address, key) as client:
            client.plan(document)
        refused = pytest.raises(Busy, match="1 plans wait already")
        with Client(address, key, patience=at_once()) as client, refused:
            client.plan(document, seed=2)
        with at_work(small), Client(address, key, patience=Patience(dice=lambda _l, _h: 0.01, attempts=500)) as client:
            assert "done" == client.plan(document, seed=2).wait().status


def test_what_is_no_problem_of_ours_is_told_as_it_is():
    told = pytest.raises(Problem, match="was answered 502 Bad Gateway")
    with answering(PlainTextResponse("proxy error", 502)) as (address, _), Client(address) as client, told:
        client.plans.page()


def test_nobody_at_home_is_said_with_the_way_out():
    with Client("http://127.0.0.1:9", patience=at_once()) as client, pytest.raises(Away, match="gridflex up"):
        client.plans.page()


@contextmanager
def hanging_up_once():
    """Takes the first request and hangs up; answers the second."""
    seen = []

    class Rude(socketserver.StreamRequestHandler):
        def handle(self):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.rfile.read(1)
            fields = dict(line.lower().split(": ", 1) for line in head.decode().splitlines()[1:] if ": " in line)
            self.rfile.read(int(fields.get("content-length", 0)))
            seen.append(fields.get("idempotency-key"))
            if len(seen) > 1:
                body = json.dumps(PLAN).encode()
                self.wfile.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()
        thread.join()


def test_a_request_that_may_have_arrived_is_sent_again_under_its_key_or_not_at_all():
    with hanging_up_once() as (address, seen), Client(address, patience=at_once()) as client:
        assert "a" == client.plan({}).id
    assert (2, True) == (len(seen), seen[0] == seen[1] is not None)
    away = pytest.raises(Away)
    with hanging_up_once() as (address, seen), Client(forecast_url=address, patience=at_once()) as client, away:
        client.models.roll_back("load day-ahead 15 min")
    assert 1 == len(seen)
