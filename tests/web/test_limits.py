"""What one network address may ask for, counted in front of everything."""

from __future__ import annotations

import asyncio
import itertools
import time
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse

from backend.accounts import Account, sealed
from backend.readers import Reader
from backend.settings import settings
from backend.web import allowance, traffic
from backend.web.allowance import CLASS, PUBLIC, Bucket, Limits, Uses, network_of
from backend.web.limits import AddressLimits
from backend.web.security import middleware
from backend.web.traffic import Traffic
from tests.loops import run_loop

FEW = Limits(
    rate=1, burst=3, streams=1, sessions=2, body_bytes=100, file_bytes=1_000, minute_bytes=1_500,
    all_streams=3, all_sessions=3,
)  # fmt: skip
AMPLE = Limits(rate=1_000, burst=1_000, streams=9, sessions=9, body_bytes=100, file_bytes=1_000)


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def page(request):
    return PlainTextResponse("a page")


async def socket(websocket):
    await websocket.accept()
    await websocket.receive()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def read():
    """What the application behind has read of bodies."""
    return []


@pytest.fixture
def serve(clock, read):
    async def body(request: Request):
        async for chunk in request.stream():
            read.append(len(chunk))
        return PlainTextResponse("taken")

    def app(limits):
        routes = [
            Route("/", page), Route("/count", body, methods=["POST"]),
            Route("/_stcore/upload_file/{session}/{file}", body, methods=["PUT"]),
            WebSocketRoute("/socket", socket),
        ]  # fmt: skip
        return Starlette(
            routes=routes, middleware=[Middleware(AddressLimits, limits=limits, clock=clock)]
        )

    built = {}

    def client(limits, address="192.0.2.1", reader=None):
        limited = built.setdefault(limits, app(limits))

        async def as_reader(scope, receive, send):
            if reader is not None:
                scope = {**scope, "state": {**scope.get("state", {}), "reader": reader}}
            await limited(scope, receive, send)

        return TestClient(as_reader, client=(address, 5000))

    return client


@pytest.fixture
def mode(monkeypatch):
    def choose(mode, **more):
        monkeypatch.setenv("ENTROSCOPE_MODE", mode)
        for name, value in more.items():
            monkeypatch.setenv(f"ENTROSCOPE_{name.upper()}", value)
        settings.cache_clear()

    return choose


# Requests


def test_a_burst_is_let_in_and_what_follows_waits_for_its_second(serve, clock):
    client = serve(FEW)
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    clock.now += 1
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]


def test_a_refusal_is_one_line_with_both_numbers_and_says_when_to_come_back(serve):
    client = serve(FEW)
    for _ in range(3):
        client.get("/")
    refused = client.get("/")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["cache-control"] == "no-store"
    assert refused.text.count("\n") == 0
    assert "3 at once" in refused.text
    assert "1 a second" in refused.text


def test_another_address_is_not_held_up(serve):
    for _ in range(9):
        serve(FEW).get("/")
    assert serve(FEW, "192.0.2.2").get("/").status_code == 200


def test_whoever_is_signed_in_counts_for_themselves(serve):
    for _ in range(9):
        serve(FEW).get("/")
    one, other = (Reader("id", owner, signed_in=True) for owner in ("one", "other"))
    assert serve(FEW, reader=one).get("/").status_code == 200
    for _ in range(9):
        serve(FEW, "198.51.100.7", one).get("/")
    assert serve(FEW, reader=one).get("/").status_code == 429
    assert serve(FEW, reader=other).get("/").status_code == 200


@given(
    steps=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), max_size=40),
    rate=st.floats(0.1, 50),
    capacity=st.floats(1, 20),
)
def test_a_bucket_never_gives_more_than_its_rate_and_a_kept_wait_is_enough(steps, rate, capacity):
    now, given_away = 0.0, 0.0
    bucket = Bucket(rate, capacity, now)
    for pause, wanted in steps:
        now += pause
        wait = bucket.take(wanted, now)
        if wait:
            now += wait * (1 + 1e-9) + 1e-9
            if wanted <= capacity:
                assert bucket.take(wanted, now) == 0
        if not wait or wanted <= capacity:
            given_away += wanted
        assert given_away <= capacity + rate * now + 1e-6


def test_a_clock_that_is_set_back_gives_nothing_away(clock):
    bucket = Bucket(1, 2, 1000)
    assert bucket.take(2, 1000) == 0
    assert bucket.take(1, 900) == 1
    assert bucket.take(1, 901) == 0


# Addresses


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_by_itself_and_that_of_ipv6_by_its_network(host, name):
    assert network_of(host) == name


def test_a_subscriber_with_many_addresses_of_ipv6_is_one(serve):
    for last in range(3):
        serve(FEW, f"2001:db8::{last}").get("/")
    assert serve(FEW, "2001:db8::ffff").get("/").status_code == 429
    assert serve(FEW, "2001:db8:0:1::1").get("/").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "peer", "said", "counted"),
    [
        ("[]", "10.0.0.1", "203.0.113.9", "10.0.0.1"),
        ('["10.0.0.1"]', "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ('["10.0.0.1"]', "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ('["10.0.0.1/8"]', "10.9.9.9", "203.0.113.9", "203.0.113.9"),
        ('["10.0.0.1"]', "10.0.0.2", "203.0.113.9", "10.0.0.2"),
        # What the browser says itself stands at the left, and is not believed.
        ('["10.0.0.1"]', "10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ('["10.0.0.0/8"]', "10.0.0.1", "203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ('["10.0.0.1"]', "10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_a_forwarded_address_is_believed_from_a_named_proxy_only(
    mode, proxies, peer, said, counted
):
    mode("public", proxies=proxies)

    def answer(request):
        return PlainTextResponse(request.client.host)

    app = Starlette(middleware=middleware(["*"]), routes=[Route("/", answer)])
    client = TestClient(app, client=(peer, 5000))
    headers = {"X-Forwarded-For": said} if said else {}
    assert client.get("/", headers=headers).text == counted


def test_what_an_unnamed_proxy_forwards_counts_as_one_address(serve, mode):
    """The server believes one on the same machine, and the line may be a browser's own."""
    mode("public", proxies="[]")
    for number in range(3):
        said = {"X-Forwarded-For": f"203.0.113.{number}"}
        assert serve(FEW, f"198.51.100.{number}").get("/", headers=said).status_code == 200
    assert serve(FEW, "198.51.100.9").get("/", headers=said).status_code == 429
    assert serve(FEW, "198.51.100.9").get("/").status_code == 200


def test_the_proxys_word_makes_a_cookie_secure(mode):
    mode("public", proxies='["10.0.0.1"]')
    app = Starlette(middleware=middleware(["*"]), routes=[Route("/", PlainTextResponse(""))])
    for peer, secure in (("10.0.0.1", True), ("10.0.0.2", False)):
        answer = TestClient(app, client=(peer, 1)).get("/", headers={"X-Forwarded-Proto": "https"})
        assert ("Secure" in answer.headers["set-cookie"]) is secure


# Open lines


def test_a_page_more_than_may_be_open_is_refused_until_one_is_closed(serve):
    client = serve(replace(AMPLE, sessions=2))
    with client.websocket_connect("/socket"):
        with client.websocket_connect("/socket"):
            with pytest.raises(WebSocketDenialResponse) as refused:
                client.websocket_connect("/socket").__enter__()
            assert refused.value.status_code == 429
            assert "at most 2" in refused.value.text
            assert int(refused.value.headers["retry-after"]) > 0
        with client.websocket_connect("/socket"):
            pass


def test_a_full_server_says_so_to_everybody(serve):
    with (
        serve(FEW, "192.0.2.1").websocket_connect("/socket"),
        serve(FEW, "192.0.2.2").websocket_connect("/socket"),
        serve(FEW, "192.0.2.3").websocket_connect("/socket"),
    ):
        with pytest.raises(WebSocketDenialResponse) as refused:
            serve(FEW, "192.0.2.4").websocket_connect("/socket").__enter__()
        assert refused.value.status_code == 503


def held_stream(limiter, address):
    """Open a stream of events that stays open; return its answer's status and how to end it."""
    started, over, said = asyncio.Event(), asyncio.Event(), []

    async def receive():
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        said.append(message)
        started.set()

    scope = {
        "type": "http", "method": "GET", "path": "/events", "headers": [], "client": (address, 1),
    }  # fmt: skip
    task = asyncio.ensure_future(limiter(scope, receive, send))
    return started, over, said, task


def test_a_stream_more_than_may_be_open_is_refused_until_one_is_closed(clock):
    async def events(scope, receive, send):
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await receive()

    async def scenario():
        limiter = AddressLimits(events, FEW, clock)
        _, over, first, task = held_stream(limiter, "192.0.2.1")
        started, _, second, refused = held_stream(limiter, "192.0.2.1")
        await started.wait()
        await refused
        assert [first[0]["status"], second[0]["status"]] == [200, 429]
        assert b"at most 1" in second[1]["body"]
        over.set()
        await task
        _, over, third, task = held_stream(limiter, "192.0.2.1")
        await asyncio.sleep(0)
        assert third[0]["status"] == 200
        over.set()
        await task
        assert limiter.streams == 0

    run_loop(scenario())


def test_a_line_whose_page_fails_is_closed_too(clock):
    async def broken(scope, receive, send):
        raise ZeroDivisionError

    async def scenario():
        limiter = AddressLimits(broken, FEW, clock)
        scope = {"type": "websocket", "path": "/", "headers": [], "client": ("192.0.2.1", 1)}
        with pytest.raises(ZeroDivisionError):
            await limiter(scope, None, None)
        assert (limiter.sessions, limiter.uses.of("192.0.2.1").open) == (0, 0)

    run_loop(scenario())


def test_messages_of_an_open_page_wait_for_their_second_and_none_is_lost(clock):
    slept, seen = [], []

    async def sleep(seconds):
        slept.append(seconds)
        clock.now += seconds

    async def app(scope, receive, send):
        while (message := await receive())["type"] == "websocket.receive":
            seen.append((clock.now - 1000, message["bytes"]))

    messages = [{"type": "websocket.receive", "bytes": bytes([i])} for i in range(5)]
    messages.append({"type": "websocket.disconnect"})

    async def receive():
        return messages.pop(0)

    scope = {"type": "websocket", "path": "/", "headers": [], "client": ("192.0.2.1", 1)}
    run_loop(AddressLimits(app, FEW, clock, sleep)(scope, receive, None))
    # A burst of three: the page itself, and two messages.
    assert seen == [(0, b"\0"), (0, b"\1"), (1, b"\2"), (2, b"\3"), (3, b"\4")]
    assert slept == [1, 1, 1]


def test_a_message_longer_than_a_minutes_bytes_comes_in_the_end(clock):
    async def sleep(seconds):
        clock.now += seconds

    async def scenario():
        limiter = AddressLimits(page, FEW, clock, sleep)
        for _ in range(2):
            await limiter._pace(limiter.uses.of("192.0.2.1"), 9_000)

    run_loop(scenario())
    assert clock.now == 1060


# Bytes


def test_a_body_that_says_it_is_too_long_is_refused_unread(serve, read):
    refused = serve(AMPLE).post("/count", content=b"x" * 101)
    assert refused.status_code == 413
    assert "101 bytes" in refused.text
    assert "100 bytes" in refused.text
    assert read == []


def test_a_body_of_unknown_length_is_refused_in_its_middle(serve, read):
    sent = []

    def chunks():
        for _ in range(50):
            sent.append(1)
            yield b"x" * 40

    refused = serve(AMPLE).post("/count", content=chunks())
    assert refused.status_code == 413
    assert sum(read) <= 100


def test_a_file_may_be_longer_than_other_bodies_and_is_refused_over_its_own_limit(serve, read):
    path = "/_stcore/upload_file/session/file"
    assert serve(AMPLE).put(path, content=b"x" * 1_000).status_code == 200
    assert serve(AMPLE).put(path, content=b"x" * 1_001).status_code == 413
    assert sum(read) == 1_000


def test_what_is_sent_in_a_minute_is_limited_whatever_it_is_cut_into(serve, clock):
    path = "/_stcore/upload_file/session/file"
    ample = replace(FEW, burst=100, rate=100)
    client = serve(ample)
    assert client.put(path, content=b"x" * 1_000).status_code == 200
    refused = client.put(path, content=b"x" * 1_000)
    assert refused.status_code == 429
    assert "1,500 bytes a minute" in refused.text
    assert refused.headers["retry-after"] == "20"
    assert client.put(path, content=iter([b"x" * 400, b"x" * 400])).status_code == 429
    clock.now += 60
    assert client.put(path, content=iter([b"x" * 400, b"x" * 400])).status_code == 200


# Memory of its own


def test_addresses_are_forgotten_but_not_while_a_line_is_open(clock):
    uses = Uses(FEW, clock, most=3)
    kept = uses.of("open")
    kept.sessions = 1
    for number in range(100):
        uses.of(f"198.51.100.{number}")
    assert len(uses) == 3
    assert uses.of("open") is kept


def test_more_open_lines_than_remembered_addresses_end_no_count(clock):
    uses = Uses(FEW, clock, most=2)
    for number in range(5):
        uses.of(str(number)).streams = 1
    uses.of("one more")
    assert all(uses.of(str(number)).open for number in range(5))


def test_ten_thousand_addresses_take_a_few_megabytes():
    tracemalloc.start()
    uses = Uses(PUBLIC, time.monotonic)
    for a, b in itertools.product(range(200), range(100)):
        uses.of(f"198.{a}.{b}.1")
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(uses) == allowance.MOST_KNOWN
    assert taken < 10_000_000


# Modes


def test_eighty_readers_behind_one_router_all_get_in(clock):
    """A first visit makes some 130 requests, and opens a page and a stream; three tabs each."""
    uses = Uses(CLASS, clock)
    router = uses.of("192.0.2.1")
    refused = 0
    for _ in range(80 * 130):
        refused += router.requests.take(1, clock()) > 0
    assert refused == 0
    assert min(CLASS.sessions, CLASS.streams) >= 80 * 3
    assert CLASS.all_sessions >= CLASS.sessions


def test_public_is_tighter_than_a_class_in_everything_an_address_may_do():
    for name in ("rate", "burst", "streams", "sessions", "file_bytes", "minute_bytes"):
        assert getattr(PUBLIC, name) < getattr(CLASS, name)


def test_a_local_server_has_no_limits(mode):
    mode("local")
    assert allowance.limits() is None
    assert not any(each.cls is AddressLimits for each in middleware(["*"]))


@pytest.mark.parametrize("which", ["class", "public"])
def test_streamlits_addresses_and_ours_are_behind_the_limits_of_the_mode(mode, which):
    mode(which, address_limits='{"burst": 2, "rate": 0.001}')
    app = Starlette(middleware=middleware(["*"]), routes=[Route("/a", PlainTextResponse("a"))])
    client = TestClient(app)
    assert [client.get(path).status_code for path in ("/a", "/_stcore/x", "/a")] == [200, 404, 429]


def test_an_administrator_may_change_a_limit_by_its_name_and_no_other(mode):
    mode("public", address_limits='{"sessions": 70, "file_bytes": 90000000}')
    changed = allowance.limits()
    assert (changed.sessions, changed.streams) == (70, PUBLIC.streams)
    assert changed.minute_bytes >= changed.file_bytes
    mode("public", address_limits='{"session": 70}')
    with pytest.raises(ValueError, match="session"):
        settings()


def test_a_sealed_account_is_no_name_that_a_browser_could_send(serve):
    """The middleware that counts asks who was found to send a request, not its cookies."""
    cookie = {"Cookie": f"entroscope_account={sealed(Account('one'))}"}
    for _ in range(9):
        serve(FEW).get("/")
    assert serve(FEW).get("/", headers=cookie).status_code == 429


# What an administrator sees of it


def test_requests_open_ones_and_refusals_are_counted(serve):
    seen = []

    def look(request):
        seen.append(traffic.counts())
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/", look)])
    client = TestClient(Traffic(AddressLimits(app, FEW)))
    before = traffic.counts()
    for _ in range(5):
        client.get("/")
    after = {name: count - before[name] for name, count in traffic.counts().items()}
    assert after == {"open": 0, "requests": 5, "refused": 2}
    assert seen[0]["open"] == before["open"] + 1
