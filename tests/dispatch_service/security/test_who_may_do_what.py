"""Nobody gets in without a key or a token, and nobody does more than it says."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import jwt
import pytest
from asking import problem
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from serving import served
from typer.testing import CliRunner

from gridflex.commands import main
from services.dispatch.api.access import Buckets
from services.dispatch.app import create_app
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.audit import AuditShelf
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import ApiKey
from services.web.errors import RateLimited

NOW_S = now_ms() // 1000
AUDIENCE = "gridflex"


class Issuer:
    """An OpenID Connect issuer, as far as somebody who checks its tokens can see."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        document = json.dumps({"keys": [self._public(self.key, "one")]}).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Keys)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _public(self, key, identity):
        return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": identity, "use": "sig"}

    def token(self, key=None, algorithm="RS256", **changes) -> str:
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "li.wei", "exp": NOW_S + 600, "roles": ["operator"]}
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(claims, key or self.key, algorithm=algorithm, headers={"kid": "one"})


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()


@pytest.fixture
def settings(tmp_path, issuer) -> Settings:
    keys = {"oidc_issuer": issuer.url, "oidc_jwks_url": f"{issuer.url}/keys", "oidc_audience": AUDIENCE}
    return Settings(data_dir=tmp_path, log_level="CRITICAL", **keys)


@pytest.fixture
def key(settings):
    """Makes a key with these scopes; its text."""
    with Store.open(settings.url) as store:
        yield lambda *scopes, **terms: store.access.create("somebody", scopes, **terms)[1]


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


def test_by_default_nobody_gets_in_without_a_key(client, document):
    for method, path in (("GET", "/v1/cases"), ("POST", "/v1/plans"), ("GET", "/v1/provinces"), ("GET", "/v1/audit")):
        response = client.request(method, path, json={"case": document} if method == "POST" else None)
        assert "send an API key" in problem(response, 401, "not-signed-in")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert 200 == client.get("/healthz").status_code


MAY = {
    "viewer": (200, 403, 403, 403),
    "planner": (200, 201, 403, 403),
    "operator": (200, 201, 404, 403),
    "admin": (200, 201, 404, 200),
}


@pytest.mark.parametrize("scope", MAY)
def test_a_key_opens_what_its_scope_says(client, key, document, scope):
    headers = bearer(key(scope))
    told = (
        client.get("/v1/cases", headers=headers),
        client.post("/v1/cases", json=document, headers=headers),
        client.post("/v1/plans/none/approve", headers=headers),
        client.get("/v1/audit", headers={"X-API-Key": headers["Authorization"].removeprefix("Bearer ")}),
    )
    assert MAY[scope] == tuple(answer.status_code for answer in told)


def test_a_key_ends_when_it_expires_is_revoked_or_rotated(client, settings):
    with Store.open(settings.url) as store:
        _, expired = store.access.create("late", ("viewer",), expires_ms=now_ms() - 1)
        revoked, revoked_text = store.access.create("gone", ("viewer",))
        store.access.revoke(revoked.id)
        old, old_text = store.access.create("old", ("viewer",))
        _, new_text = store.access.rotate(old.id)
    for text in (expired, revoked_text, old_text, "gridflex_guess"):
        assert "unknown, revoked or has expired" in problem(
            client.get("/v1/cases", headers=bearer(text)), 401, "not-signed-in"
        )
    assert 200 == client.get("/v1/cases", headers=bearer(new_text)).status_code


def test_the_store_knows_no_key_by_its_text(settings, key):
    from sqlalchemy import select

    text = key("viewer")
    assert 43 <= len(text.removeprefix("gridflex_"))  # 256 bits take 43 letters
    with Store.open(settings.url) as store, store.database.reading() as connection:
        assert text not in str(connection.execute(select(*ApiKey.__table__.columns)).all())


def test_a_token_of_the_issuer_opens_what_its_roles_say(client, issuer, document):
    assert 201 == client.post("/v1/cases", json=document, headers=bearer(issuer.token())).status_code
    words = problem(
        client.post("/v1/cases", json=document, headers=bearer(issuer.token(roles=["guest"]))), 403, "not-allowed"
    )
    assert "token li.wei is nobody in particular" in words
    spaced = issuer.token(roles="viewer planner")
    assert 201 == client.post("/v1/cases", json=document, headers=bearer(spaced)).status_code


def test_a_token_that_is_not_quite_right_opens_nothing(client, issuer):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = issuer.key.public_key()
    wrong = {
        "another key": issuer.token(stranger),
        "expired": issuer.token(exp=NOW_S - 600),
        "no expiry": issuer.token(exp=None),
        "another issuer": issuer.token(iss="https://elsewhere"),
        "another audience": issuer.token(aud="payroll"),
        "not yet": issuer.token(nbf=NOW_S + 600),
        "a curve": issuer.token(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "unsigned": jwt.encode({"iss": issuer.url, "aud": AUDIENCE, "sub": "x", "exp": NOW_S + 600}, None, "none"),
        "shared secret": jwt.encode({"sub": str(public)}, "s" * 32, "HS256", headers={"kid": "one"}),
        "no token": "abc.def.ghi",
    }
    for name, token in wrong.items():
        response = client.get("/v1/cases", headers=bearer(token))
        assert (401, "/problems/not-signed-in") == (response.status_code, response.json()["type"]), name


def test_whoever_asks_too_often_waits(settings, key):
    with (
        served(create_app(settings.model_copy(update={"rate_burst": 3, "rate_per_s": 0.01}))) as address,
        httpx.Client(base_url=address, headers=bearer(key("viewer")), trust_env=False) as client,
    ):
        assert [200, 200, 200, 429] == [client.get("/v1/cases").status_code for _ in range(4)]
        refused = client.get("/v1/cases")
        assert "wait" in problem(refused, 429, "rate-limited")
        assert 90 <= int(refused.headers["Retry-After"]) <= 101


def test_a_bucket_fills_again():
    seconds = iter([0.0, 0.0, 0.0, 10.0, 10.0])
    buckets = Buckets(rate_per_s=0.1, burst=2, clock=lambda: next(seconds))
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(RateLimited, match="wait 10 s"):
        buckets.take("a")
    buckets.take("a")
    with pytest.raises(RateLimited):
        buckets.take("a")


def test_who_changed_what_and_who_was_refused_is_written_down(client, key, document):
    admin = bearer(key("admin"))
    client.post("/v1/cases", json=document, headers=bearer(key("viewer")))
    client.post("/v1/cases", json=document, headers=admin | {"X-Request-ID": "r-1"})
    client.get("/v1/cases")
    client.get("/v1/cases", headers=admin)
    entries = client.get("/v1/audit", headers=admin).json()["entries"]
    assert [401, 201, 403] == [one["status"] for one in entries]
    assert ("POST", "/v1/cases", "r-1") == tuple(entries[1][name] for name in ("method", "path", "request_id"))
    assert entries[1]["who"].startswith("key ")
    assert "nobody" == entries[0]["who"]
    page = client.get("/v1/audit?limit=2", headers=admin).json()
    rest = client.get("/v1/audit", params={"cursor": page["next"]}, headers=admin).json()
    assert [403] == [one["status"] for one in rest["entries"]]


def test_to_whom_a_case_was_handed_out_is_written_down_too(app, client, key, document):
    admin, viewer = bearer(key("admin")), bearer(key("viewer"))
    case = client.post("/v1/cases", json=document, headers=admin).json()
    for path in (case["url"], "/v1/cases", case["url"]):
        client.get(path, headers=viewer | {"X-Request-ID": "r-2"})
    app.state.reads.flush()
    entries = client.get("/v1/audit", headers=admin).json()["entries"]
    handed_out = [one for one in entries if one["method"] == "GET"]
    assert [(case["url"], "r-2")] * 2 == [(one["path"], one["request_id"]) for one in handed_out]
    assert all(one["who"].startswith("key ") for one in handed_out)
    assert handed_out[0]["who"] != entries[-1]["who"]


def test_reads_that_cannot_be_written_down_at_the_moment_wait(app, client, key, document, monkeypatch):
    admin = bearer(key("admin"))
    case = client.post("/v1/cases", json=document, headers=admin).json()
    client.get(case["url"], headers=admin)
    reads, write_all = app.state.reads, AuditShelf.write_all

    def away(*_):
        raise OSError("the database is away")

    monkeypatch.setattr(AuditShelf, "write_all", away)
    reads.flush()
    monkeypatch.setattr(AuditShelf, "write_all", write_all)
    reads.flush()
    entries = client.get("/v1/audit", headers=admin).json()["entries"]
    assert ["GET", "POST"] == [one["method"] for one in entries]


def test_every_answer_carries_the_security_headers(client):
    for path in ("/healthz", "/v1/cases", "/nothing"):
        headers = client.get(path).headers
        assert ("nosniff", "DENY", "no-store") == tuple(
            headers[name] for name in ("X-Content-Type-Options", "X-Frame-Options", "Cache-Control")
        )
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_keys_are_made_rotated_listed_and_revoked_by_command(tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDFLEX_DISPATCH_DATA_DIR", str(tmp_path))

    def told(*arguments):
        result = CliRunner().invoke(main, ["keys", *arguments, "--json"])
        assert 0 == result.exit_code, result.output
        return json.loads(result.stdout)

    made = told("create", "li", "--scope", "planner", "--scope", "viewer", "--days", "30")
    assert (["viewer", "planner"], True) == (made["scopes"], made["valid"])
    new = told("rotate", made["id"], "--overlap", "0")
    told("revoke", new["id"])
    assert [False, False] == [one["valid"] for one in told("list")["keys"]]
    refused = CliRunner().invoke(main, ["keys", "create", "li", "--scope", "king"])
    assert 2 == refused.exit_code
    assert "there is no scope 'king'" in refused.output
