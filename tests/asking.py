"""Words in which tests speak to the service."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.dispatch import jobs
from services.dispatch.store import Store
from services.dispatch.worker import Dispatcher

PATIENCE_S = 60


@contextmanager
def at_work(settings) -> Iterator[Dispatcher]:
    """A worker in a thread for as long as this lasts."""
    jobs.STOPPING.clear()
    with Store.open(settings.url) as store:
        dispatcher = Dispatcher(store, settings)
        thread = threading.Thread(target=dispatcher.run)
        thread.start()
        try:
            yield dispatcher
        finally:
            dispatcher.stop()
            thread.join(PATIENCE_S)
            jobs.STOPPING.clear()


def uploaded(client, document) -> dict:
    """The stored case."""
    response = client.post("/v1/cases", json=document)
    assert 201 == response.status_code, response.text
    return response.json()


def asked(client, **wish) -> dict:
    """The plan that was asked for."""
    response = client.post("/v1/plans", json=wish)
    assert 202 == response.status_code, response.text
    assert response.headers["Location"] == response.json()["url"]
    return response.json()


def ended(client, plan: dict) -> dict:
    """The plan once it has ended, heard of by its events."""
    with client.stream("GET", f"{plan['url']}/events", timeout=PATIENCE_S) as events:
        for _ in events.iter_lines():
            pass
    return client.get(plan["url"]).json()


def problem(response, status, kind) -> str:
    """The problem in the answer, which is one of this kind."""
    assert "application/problem+json" == response.headers["content-type"], response.text
    body = response.json()
    assert (status, status, f"/problems/{kind}") == (response.status_code, body["status"], body["type"]), body
    return body["detail"]
