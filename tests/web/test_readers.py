"""Who a reader is: a cookie of our own, on Streamlit's addresses and on ours."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from backend import readers
from backend.errors import InputError
from backend.settings import settings
from backend.web.readers import Readers, become_teacher, forget_reader, reader_of
from backend.web.starting import check_start, starting_line

KEY = "a key of the teacher"


@pytest.fixture
def mode(monkeypatch):
    def choose(mode, **more):
        monkeypatch.setenv("ENTROSCOPE_MODE", mode)
        for name, value in more.items():
            monkeypatch.setenv(f"ENTROSCOPE_{name.upper()}", value)
        settings.cache_clear()

    return choose


def who(request):
    reader = reader_of(request)
    same = readers.current.get() == reader == readers.reader_of_cookies(request.cookies)
    return JSONResponse({"owner": reader.owner, "role": reader.role, "same": same})


def shared(request):
    return PlainTextResponse("a file", headers={"Cache-Control": "public, immutable"})


def teach(request):
    response = Response()
    become_teacher(request, request.query_params["key"], response)
    return response


def leave(request):
    response = Response()
    forget_reader(request, response)
    return response


async def socket(websocket):
    await websocket.accept()
    await websocket.send_text(reader_of(websocket).owner)
    await websocket.close()


@pytest.fixture
def visitor():
    def open_one(address="http://class.test", prefix=""):
        routes = [
            Route("/who", who), Route("/shared", shared), Route("/teach", teach),
            Route("/leave", leave), WebSocketRoute("/socket", socket),
        ]  # fmt: skip
        app = Starlette(routes=routes, middleware=[Middleware(Readers, prefix=prefix)])
        return TestClient(app, base_url=address)

    return open_one


def test_a_local_server_has_one_reader_who_may_do_everything_and_sets_no_cookie(visitor):
    answer = visitor().get("/who")
    assert answer.json() == {"owner": "", "role": "administrator", "same": True}
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("which", ["class", "public"])
def test_a_browser_is_one_reader_from_its_first_request_on(visitor, mode, which):
    mode(which)
    one, other = visitor(), visitor()
    first = one.get("/who").json()
    assert first["same"]
    assert first["role"] == "reader"
    assert one.get("/who").json() == first
    assert other.get("/who").json()["owner"] != first["owner"]


def test_the_cookie_is_out_of_reach_of_scripts_and_foreign_pages(visitor, mode):
    mode("class")
    cookie = visitor(prefix="/tools/").get("/who").headers["set-cookie"]
    assert re.match(r"entroscope_reader=[0-9a-f]{32};", cookie)
    said = {each.strip() for each in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Lax", "Path=/tools"} <= said
    assert "Secure" not in said


def test_the_cookie_is_secure_with_tls_only(visitor, mode):
    mode("class")
    assert "Secure" in visitor("https://class.test").get("/who").headers["set-cookie"]
    said = {"X-Forwarded-Proto": "https"}
    assert "Secure" not in visitor().get("/who", headers=said).headers["set-cookie"]


def test_the_secret_is_not_what_is_written_down(visitor, mode):
    mode("class")
    client = visitor()
    owner = client.get("/who").json()["owner"]
    assert client.cookies["entroscope_reader"] not in owner
    assert owner == readers.owner_of(client.cookies["entroscope_reader"])


@pytest.mark.parametrize("forged", ["", "x", "a" * 33, "A" * 32, "../" * 10, "'; drop"])
def test_a_secret_that_we_cannot_have_given_is_replaced(visitor, mode, forged):
    mode("class")
    answer = visitor().get("/who", headers={"Cookie": f"entroscope_reader={forged}; other=1"})
    assert answer.json()["same"]
    assert "entroscope_reader" in answer.headers["set-cookie"]


def test_what_a_cache_may_share_carries_no_secret(visitor, mode):
    mode("class")
    assert "set-cookie" not in visitor().get("/shared").headers


def test_a_websocket_is_the_same_reader_as_its_page(visitor, mode):
    mode("class")
    client = visitor()
    owner = client.get("/who").json()["owner"]
    with client.websocket_connect("ws://class.test/socket") as line:
        assert line.receive_text() == owner


def test_a_websocket_without_a_page_before_it_gets_a_secret_of_its_own(visitor, mode):
    mode("class")
    with visitor().websocket_connect("ws://class.test/socket") as line:
        given = dict(line.extra_headers)[b"set-cookie"].decode()
        secret = given.split(";")[0].partition("=")[2]
        assert line.receive_text() == readers.owner_of(secret)


def test_the_key_makes_this_browser_the_teachers_and_no_other(visitor, mode):
    mode("class", teacher_key=KEY)
    teacher, student = visitor(), visitor()
    for each in (teacher, student):
        each.get("/who")
    teacher.get("/teach", params={"key": KEY})
    student.get("/teach", params={"key": "a guess"})
    assert teacher.get("/who").json()["role"] == "administrator"
    assert student.get("/who").json()["role"] == "reader"
    # The proof is of one reader: copied into another browser it shows nothing.
    student.cookies.set("entroscope_role", teacher.cookies["entroscope_role"])
    assert student.get("/who").json()["role"] == "reader"


def test_a_teacher_stays_one_over_a_restart_and_ends_with_the_key(visitor, mode):
    mode("class", teacher_key=KEY)
    before = visitor()
    before.get("/who")
    before.get("/teach", params={"key": KEY})
    after = visitor()
    after.cookies = before.cookies
    assert after.get("/who").json()["role"] == "administrator"
    mode("class", teacher_key="another one")
    assert after.get("/who").json()["role"] == "reader"


def test_a_public_server_without_a_key_has_no_teacher(visitor, mode):
    mode("public")
    client = visitor()
    client.get("/who")
    client.get("/teach", params={"key": ""})
    assert client.get("/who").json()["role"] == "reader"


def test_whoever_leaves_comes_back_as_somebody_else(visitor, mode):
    mode("class", teacher_key=KEY)
    client = visitor()
    before = client.get("/who").json()
    client.get("/teach", params={"key": KEY})
    client.get("/leave")
    after = client.get("/who").json()
    assert after["owner"] != before["owner"]
    assert after["role"] == "reader"


def test_a_class_does_not_start_where_nobody_could_reach_it(mode):
    mode("class")
    with pytest.raises(InputError, match="STREAMLIT_SERVER_ADDRESS"):
        check_start("127.0.0.1", ["*"])
    with pytest.raises(InputError, match="STREAMLIT_SERVER_ALLOWED_HOSTS"):
        check_start("0.0.0.0", ["localhost", "127.0.0.1", "::1"])  # noqa: S104
    check_start("0.0.0.0", ["localhost", "class.test"])  # noqa: S104
    check_start(None, [])


def test_a_public_server_may_stand_behind_a_proxy_on_its_own_machine(mode):
    mode("public")
    check_start("127.0.0.1", ["entropy.example.org"])
    with pytest.raises(InputError, match="STREAMLIT_SERVER_ALLOWED_HOSTS"):
        check_start("127.0.0.1", ["localhost"])


def test_a_local_server_starts_anywhere(mode):
    mode("local")
    check_start("127.0.0.1", ["localhost"])


def test_the_log_says_in_one_line_whom_the_server_serves(mode):
    assert starting_line("127.0.0.1", 8501) == "Entroscope: mode local, at http://127.0.0.1:8501"
    mode("public", address="https://entropy.example.org/")
    assert starting_line(None, 80) == "Entroscope: mode public, at https://entropy.example.org"


def test_a_key_of_our_own_is_told_and_a_given_one_is_not(mode):
    mode("class")
    assert readers.teacher_key() in starting_line(None, 8501)
    mode("class", teacher_key=KEY)
    line = starting_line(None, 8501)
    assert KEY not in line
    assert "/teach" in line
