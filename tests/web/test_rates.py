"""In public one network address may ask for so much, before Streamlit reads it."""

from __future__ import annotations

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from backend.settings import settings
from backend.web import rates
from backend.web.rates import UNNAMED, Rates, address_of


@pytest.fixture
def mode(monkeypatch):
    def choose(mode, **more):
        monkeypatch.setenv("ENTROSCOPE_MODE", mode)
        for name, value in more.items():
            monkeypatch.setenv(f"ENTROSCOPE_{name.upper()}", value)
        settings.cache_clear()

    return choose


class Clock:
    """Stands still until it is told."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def visitor(clock):
    async def echo(request):
        return PlainTextResponse(str(len(await request.body())))

    async def socket(websocket):
        await websocket.accept()
        await websocket.receive_text()

    routes = [Route("/", echo, methods=["GET", "POST"]), WebSocketRoute("/socket", socket)]
    app = Rates(Starlette(routes=routes), clock)

    def at(host="203.0.113.7"):
        return TestClient(app, client=(host, 50000))

    return at


def codes(client, count):
    return [client.get("/").status_code for _ in range(count)]


@pytest.mark.parametrize("which", ["local", "class"])
def test_a_machine_and_a_class_have_no_rates(visitor, mode, which):
    mode(which, address_requests="1", address_bytes="1")
    assert set(codes(visitor(), 20)) == {200}


def test_requests_beyond_the_rate_are_refused_in_one_line_until_time_has_gone_by(
    visitor, mode, clock
):
    mode("public", address_requests="2")
    client = visitor()
    assert codes(client, 9) == [200] * 8 + [429]
    answer = client.get("/")
    assert "2 requests a second" in answer.text
    assert "Retry-After" in answer.headers
    clock.now += 1
    assert codes(client, 3) == [200, 200, 429]


def test_another_address_has_its_own_rate(visitor, mode):
    mode("public", address_requests="1")
    assert codes(visitor("203.0.113.7"), 5)[-1] == 429
    assert codes(visitor("203.0.113.8"), 1) == [200]


def test_connections_that_last_are_counted_and_given_back(visitor, mode):
    mode("public", address_streams="1")
    client = visitor()
    with client.websocket_connect("/socket") as line:
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/socket"):
            pass
        assert refused.value.code == 1013
        assert "may be" in refused.value.reason
        line.send_text("done")
    with client.websocket_connect("/socket") as line:
        line.send_text("done")


def test_bytes_that_are_sent_have_an_end_before_they_are_read(visitor, mode, clock):
    mode("public", address_bytes="1000")
    client = visitor()
    assert client.post("/", content=b"x" * 900).status_code == 200
    answer = client.post("/", content=b"x" * 200)
    assert (answer.status_code, "1,000 bytes" in answer.text) == (429, True)
    assert client.get("/").status_code == 429
    clock.now += 24 * 3600 + 1
    assert client.get("/").status_code == 200


def test_refusals_and_open_connections_are_counted(visitor, mode):
    mode("public", address_requests="1")
    before = rates.counts()
    codes(visitor(), 6)
    after = rates.counts()
    assert after["requests"] - before["requests"] == 6
    assert after["refused"] - before["refused"] == 2
    assert after["open"] == before["open"]


def test_addresses_are_forgotten_when_there_are_too_many(visitor, mode, monkeypatch, clock):
    mode("public")
    monkeypatch.setattr(rates, "MOST_ADDRESSES", 3)
    app = Rates(Starlette(), clock)

    async def visit(host):
        scope = {"type": "http", "path": "/", "method": "GET", "headers": [], "client": (host, 1)}

        async def send(message):
            pass

        await app(scope, None, send)

    for i in range(10):
        asyncio.run(visit(f"203.0.113.{i}"))
    assert len(app._callers) == 3


def scope(host, forwarded=""):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return {"type": "http", "path": "/", "headers": headers, "client": (host, 1)}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2:ffff::1", "2001:0db8:0001:0002"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_an_ipv6_address_is_its_subscriber_s_network(host, address):
    assert address_of(scope(host)) == address


def test_forwarded_headers_are_believed_from_a_named_proxy_only(mode):
    forged = "198.51.100.1, 203.0.113.7"
    assert address_of(scope("10.0.0.1", forged)) == UNNAMED
    mode("public", proxies='["10.0.0.0/8", "::1"]')
    assert address_of(scope("10.0.0.1", forged)) == "203.0.113.7"
    assert address_of(scope("10.0.0.1", f"{forged}, 10.0.0.2")) == "203.0.113.7"
    assert address_of(scope("192.0.2.1", forged)) == "192.0.2.1"
    assert address_of(scope("10.0.0.1")) == "10.0.0.1"
