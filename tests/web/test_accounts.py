"""Who somebody is who signed in, on Streamlit's addresses and on ours."""

from __future__ import annotations

import json
import time

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from backend import readers
from backend.accounts import ACCOUNT_COOKIE, Account, account_of, opened, sealed
from backend.errors import InputError
from backend.settings import settings
from backend.web.readers import Readers, for_accounts_only, forget_reader, reader_of
from backend.web.starting import check_sign_in
from components import streamlit_private
from components.streamlit_private import SignedCookie

ORIGIN = "https://entropy.test"
COOKIE_SECRET = "0123456789abcdef" * 2
ADA = {"iss": "https://login.test", "sub": "ada", "origin": ORIGIN, "is_logged_in": True}
AUTH = {
    "redirect_uri": f"{ORIGIN}/oauth2callback", "cookie_secret": COOKIE_SECRET,
    "client_id": "entroscope", "client_secret": "x",
    "server_metadata_url": "https://login.test/.well-known/x",
}  # fmt: skip


@pytest.fixture(autouse=True)
def public(monkeypatch):
    """A public server that offers to sign in, with Streamlit's secret and origin."""
    monkeypatch.setattr(streamlit_private, "get_cookie_secret", lambda: COOKIE_SECRET)
    monkeypatch.setattr(streamlit_private, "get_origin_from_redirect_uri", lambda: ORIGIN)
    choose(monkeypatch, mode="public", sign_in="offered")
    yield
    settings.cache_clear()


def choose(monkeypatch, **chosen):
    for name, value in chosen.items():
        monkeypatch.setenv(f"ENTROSCOPE_{name.upper()}", value)
    settings.cache_clear()


def signed(claims, secret=COOKIE_SECRET):
    name = SignedCookie.cookie
    text = json.dumps(claims)
    return create_signed_value(secret, name, text).decode()


def who(request):
    reader = reader_of(request)
    same = reader == readers.reader_of_cookies(request.cookies)  # as a script looks it up
    return JSONResponse(
        {"owner": reader.owner, "role": reader.role, "signed": reader.signed_in, "same": same}
    )


def come_back(request):
    """Answer as Streamlit's own route does when the provider sends the browser back."""
    response = Response()
    response.set_cookie(SignedCookie.cookie, signed(ADA))
    return response


def sign_out(request):
    response = Response()
    response.delete_cookie(SignedCookie.cookie)
    return response


def leave(request):
    response = Response()
    forget_reader(request, response)
    return response


async def socket(websocket):
    await websocket.accept()
    await websocket.send_json(readers.reader_of_cookies(websocket.cookies).owner)
    await websocket.close()


@pytest.fixture
def browser():
    def open_one(claims=None, **more):
        routes = [
            Route("/who", who), Route("/oauth2callback", come_back), Route("/leave", leave),
            Route("/auth/logout", sign_out), WebSocketRoute("/socket", socket),
            *for_accounts_only([Route("/private", who)]),
        ]  # fmt: skip
        app = Starlette(routes=routes, middleware=[Middleware(Readers, identity=SignedCookie())])
        client = TestClient(app, base_url=ORIGIN)
        if claims is not None:
            client.cookies.set(SignedCookie.cookie, signed(claims, **more))
        return client

    return open_one


def test_an_account_is_the_same_reader_in_every_browser(browser):
    one, other = browser(ADA).get("/who").json(), browser(ADA).get("/who").json()
    assert one == other
    assert one["signed"]
    assert one["same"]


def test_a_browser_that_is_not_signed_in_is_a_reader_of_its_own(browser):
    one, other = browser().get("/who").json(), browser().get("/who").json()
    assert one["owner"] != other["owner"]
    assert not one["signed"]


@pytest.mark.parametrize(
    "other", [ADA | {"sub": "bob"}, ADA | {"iss": "https://other.test"}], ids=["subject", "issuer"]
)
def test_issuer_and_subject_together_make_the_person(other):
    ada = account_of(ADA)
    assert ada.owner != account_of(other).owner
    assert ada.owner == account_of(ADA | {"email": "new@address.test", "name": "Ada King"}).owner


def test_two_names_that_read_alike_when_joined_are_two_people():
    assert account_of({"iss": "a", "sub": "b c"}) != account_of({"iss": "a b", "sub": "c"})


@pytest.mark.parametrize("claims", [{}, {"iss": "x"}, {"sub": "x"}, {"iss": "", "sub": ""}])
def test_nobody_is_signed_in_without_an_issuer_and_a_subject(claims):
    assert account_of(claims) is None


def test_what_is_written_to_the_disk_does_not_name_the_person():
    assert "ada" not in account_of(ADA).owner
    assert len(account_of(ADA).owner) == 32


@pytest.mark.parametrize(
    ("cookie", "hours"),
    [
        (signed(ADA, secret="another secret of 32 characters!"), 1),
        (signed(ADA)[:-2] + "xx", 1),
        (signed(ADA | {"origin": "https://other.test"}), 1),
        (signed(ADA | {"is_logged_in": False}), 1),
        ("", 1),
        ("chunks-2", 1),
        ("é", 1),
    ],
)
def test_a_cookie_that_was_not_set_here_at_a_sign_in_is_nobodys(cookie, hours):
    assert SignedCookie().claims({SignedCookie.cookie: cookie}, hours) is None


def test_a_sign_in_ends_after_its_hours(monkeypatch):
    cookie = {SignedCookie.cookie: signed(ADA)}
    assert SignedCookie().claims(cookie, 1)["sub"] == "ada"
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 3 * 3600)
    assert SignedCookie().claims(cookie, 4) is not None
    assert SignedCookie().claims(cookie, 2) is None


def test_a_websocket_is_the_same_account_as_its_page(browser):
    client = browser(ADA)
    with client.websocket_connect("wss://entropy.test/socket") as line:
        assert line.receive_json() == client.get("/who").json()["owner"]


# Groups


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ({}, "reader"),
        ({"groups": ["staff"]}, "teacher"),
        ({"groups": "staff"}, "teacher"),
        ({"groups": ["staff", "root"]}, "administrator"),
        ({"groups": ["Staff", "staffs", 7, None]}, "reader"),
        ({"groups": {"staff": True}}, "reader"),
        ({"roles": ["staff"]}, "reader"),
    ],
)
def test_groups_make_teachers_and_administrators(monkeypatch, said, role):
    choose(monkeypatch, teacher_groups='["staff"]', administrator_groups='["root"]')
    assert account_of(ADA | said).role == role


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("realm.roles", {"realm": {"roles": ["staff"]}}),
        ("https://login.test/groups", {"https://login.test/groups": ["staff"]}),
    ],
)
def test_groups_may_lie_deeper_or_have_an_address_for_a_name(monkeypatch, claim, said):
    choose(monkeypatch, teacher_groups='["staff"]', groups_claim=claim)
    assert account_of(ADA | said).role == "teacher"
    assert account_of(ADA | {"groups": ["staff"], "realm": "staff"}).role == "reader"


def test_an_account_has_its_role_on_routes(monkeypatch, browser):
    choose(monkeypatch, teacher_groups='["staff"]')
    assert browser(ADA | {"groups": ["staff"]}).get("/who").json()["role"] == "teacher"


# The seal between the middleware and scripts


def test_a_sealed_account_opens_and_no_other_does():
    account = Account("a" * 32, "teacher")
    seal = sealed(account)
    assert opened({ACCOUNT_COOKIE: seal}) == account
    for forged in ("", "x", seal[:-1], seal.replace("teacher", "administrator"), f"x{seal}"):
        assert opened({ACCOUNT_COOKIE: forged}) is None


def test_no_answer_ever_carries_the_seal(browser):
    client = browser(ADA)
    for path in ("/who", "/oauth2callback", "/auth/logout"):
        assert ACCOUNT_COOKIE not in str(client.get(path).headers)


def test_a_seal_that_a_browser_sends_is_taken_away(browser):
    """Whoever signed out is not let in by a seal, even by one of ours."""
    client = browser()
    client.cookies.set(ACCOUNT_COOKIE, sealed(Account("a" * 32, "administrator")))
    found = client.get("/who").json()
    assert not found["signed"]
    assert found["role"] == "reader"


# Signing in and out


def test_the_secret_is_another_after_signing_in_and_after_signing_out(browser):
    client = browser()
    client.get("/who")
    secrets = [client.cookies[readers.COOKIE]]
    for path in ("/oauth2callback", "/auth/logout"):
        client.get(path)
        secrets.append(client.cookies[readers.COOKIE])
        client.get("/who")
        assert client.cookies[readers.COOKIE] == secrets[-1]
    assert len(set(secrets)) == 3


def test_a_role_that_a_key_gave_ends_at_sign_in(monkeypatch, browser):
    choose(monkeypatch, teacher_key="a key")
    client = browser()
    client.get("/who")
    proof = readers.role_proof(client.cookies[readers.COOKIE])
    client.cookies.set(readers.ROLE_COOKIE, proof)
    assert client.get("/who").json()["role"] == "administrator"
    client.get("/oauth2callback")
    assert client.get("/who").json()["role"] == "reader"


@pytest.mark.parametrize("path", ["/auth/logout", "/leave"])
def test_a_page_that_is_open_still_is_a_strangers_once_its_reader_left(browser, path):
    client = browser(ADA)
    client.get("/who")
    of_the_page = dict(client.cookies)
    secret = readers.secret_of(of_the_page)
    client.get(path)
    of_the_page[ACCOUNT_COOKIE] = sealed(account_of(ADA))
    stranger = readers.reader_of_cookies(of_the_page)
    assert (stranger.signed_in, stranger.role) == (False, "reader")
    assert stranger.owner not in (account_of(ADA).owner, readers.owner_of(secret))


def test_two_such_pages_are_two_strangers():
    pages = [{readers.COOKIE: readers.new_secret()} for _ in range(2)]
    for each in pages:
        readers.end(each[readers.COOKIE])
    one, other = map(readers.reader_of_cookies, pages)
    assert one.owner != other.owner


def test_secrets_that_ended_are_forgotten_in_the_end():
    first = readers.new_secret()
    readers.end(first)
    for _ in range(10_000):
        readers.end(readers.new_secret())
    assert readers.reader_of_cookies({readers.COOKIE: first}).owner == readers.owner_of(first)


def test_other_cookies_reach_streamlit_as_they_came(browser):
    seen = []

    async def app(scope, receive, send):
        seen.extend(value for name, value in scope["headers"] if name == b"cookie")
        await Response()(scope, receive, send)

    client = TestClient(Readers(app, identity=SignedCookie()), base_url=ORIGIN)
    odd = '_streamlit_xsrf="2|a|b|1"; empty=; flag'
    client.get("/", headers={"Cookie": f"{odd}; {SignedCookie.cookie}={signed(ADA)}"})
    assert seen[0].decode().startswith(odd)


# A server for accounts only


def test_routes_may_be_for_accounts_only(browser):
    assert browser().get("/private").status_code == 401
    assert browser(ADA).get("/private").status_code == 200


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        *(({name: ""}, name) for name in AUTH),
        ({"cookie_secret": "short"}, "32"),
        ({"redirect_uri": ORIGIN}, "/oauth2callback"),
    ],
)
def test_a_server_does_not_start_where_nobody_could_sign_in(changed, said):
    check_sign_in(lambda: AUTH)
    with pytest.raises(InputError, match=said):
        check_sign_in(lambda: AUTH | changed)


def test_signing_in_is_for_public_servers(monkeypatch):
    choose(monkeypatch, mode="class")
    with pytest.raises(InputError, match="ENTROSCOPE_MODE=public"):
        check_sign_in(lambda: AUTH)


def test_the_file_of_secrets_is_not_read_where_nobody_signs_in(monkeypatch):
    choose(monkeypatch, mode="local", sign_in="none")
    check_sign_in(lambda: pytest.fail("it was read"))
