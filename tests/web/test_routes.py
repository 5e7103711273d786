"""What the addresses answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from backend.events import Alive, Done, Failed, Partial, Progressed
from backend.settings import settings
from backend.web import assets as assets_module
from backend.web.assets import Assets, browser_assets, media_type, plotly, vega
from backend.web.routes import MOST_COUNTS, OWN_HEADER
from backend.web.security import host_patterns
from tests.engine.fakes import PATIENCE
from tests.loops import run_loop
from tests.web.fakes import FakeSource


def lines(answer):
    """Return the events of a stream, comments left out."""
    found = [each for each in answer.text.split("\n\n") if each.startswith("data: ")]
    return [json.loads(each.removeprefix("data: ")) for each in found]


# Data


def test_a_part_of_a_run_may_be_kept_for_ever(client, source):
    answer = client.get("/data/run/panel-0?head=3&layer=1")
    assert (answer.status_code, answer.content) == (200, b"\0numbers")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert source.asked == [("run", "panel-0", {"head": "3", "layer": "1"})]


def test_parts_are_made_outside_the_event_loop(client, source):
    client.get("/data/run/text")
    assert source.threads[0].name.startswith("AnyIO worker thread")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/data/gone/text", 404, "not here any longer"),
        ("/data/run/bad", 400, "There is no such head."),
        ("/data/run/broken", 500, "Internal Server Error"),
    ],
)
def test_what_cannot_be_had_is_said_and_never_kept(client, path, status, words):
    answer = client.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert "secret" not in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")


# Events


def test_events_come_as_json_one_by_one_and_end_with_the_last(client, source):
    source.events["job"] = [
        Progressed(1, 4, "Step 1", 0.5), Partial("partial-1"), Done({"text": "abc"}),
    ]  # fmt: skip
    answer = client.get("/events/job")
    assert lines(answer) == [
        {"type": "progress", "done": 1, "total": 4, "message": "Step 1", "seconds_left": 0.5},
        {"type": "partial", "content": "partial-1"},
        {"type": "done", "contents": {"text": "abc"}},
    ]
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"


def test_a_sign_of_life_is_a_comment(client, source):
    source.events["job"] = [Alive(), Done({})]
    assert "\n\n: alive\n\n" in client.get("/events/job").text


def test_no_message_can_break_out_of_its_line(client, source):
    source.events["job"] = [Failed("two\nlines\n\ndata: no")]
    assert lines(client.get("/events/job")) == [
        {"type": "error", "message": "two\nlines\n\ndata: no"}
    ]


def test_an_unknown_job_is_told_so(client):
    assert lines(client.get("/events/unknown")) == [{"type": "unknown"}]


def test_events_are_read_only(client):
    assert client.post("/events/job").status_code == 405


# Stop


def test_a_job_is_stopped_by_our_own_pages_only(client, source):
    source.jobs.add("job")
    assert client.post("/stop/job").status_code == 403
    assert client.get("/stop/job", headers={"X-Entroscope": "1"}).status_code != 204
    assert source.jobs == {"job"}
    assert client.post("/stop/job", headers={"X-Entroscope": "1"}).status_code == 204
    assert source.jobs == set()
    assert client.post("/stop/job", headers={"X-Entroscope": "1"}).status_code == 404


def test_a_foreign_page_is_not_given_leave_to_send_our_header(client):
    asked = client.options(
        "/stop/job",
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-entroscope",
        },
    )
    assert not any(name.startswith("access-control") for name in asked.headers)


# Assets


def test_files_for_the_browser_may_be_kept_for_ever_under_their_version(client, assets):
    answer = client.get(f"/assets/{assets.version}/views/strip.js")
    assert (answer.status_code, answer.text) == (200, "export default 1\n")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get(f"/assets/{assets.version}/made.js").text == "made()"


@pytest.mark.parametrize("path", ["nothing.js", "secret.py", "%2e%2e/%2e%2e/app.py", "views", ""])
def test_there_is_nothing_but_the_files_of_the_browser(client, assets, path):
    assert client.get(f"/assets/{assets.version}/{path}").status_code == 404


def test_a_file_is_compressed_once_for_all_who_take_it_so(client, assets, monkeypatch):
    url = f"/assets/{assets.version}/frame.js"
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "accept-encoding" in packed.headers["vary"].lower()
    monkeypatch.setattr(gzip, "compress", None)
    assert client.get(url, headers={"Accept-Encoding": "gzip"}).content == plain.content


def test_another_version_has_no_files(client):
    answer = client.get("/assets/0123456789abcdef/frame.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_every_file_and_every_library_is_part_of_the_version(tmp_path):
    def version(content=b"1", library="1.0"):
        (tmp_path / "a.js").write_bytes(content)
        return Assets(tmp_path, {"b.js": (bytes, library)}).version

    assert version() == version()
    assert len({version(), version(b"2"), version(library="2.0")}) == 3


def test_our_own_modules_are_all_there():
    names = browser_assets()._files
    assert {"frame.js", "jobs.js", "views/strip.js", "frame.css"} <= names.keys()
    assert not any(name.endswith(".py") for name in names)


def test_vega_is_made_once_and_kept(monkeypatch):
    import vl_convert

    made = []
    monkeypatch.setattr(
        vl_convert, "javascript_bundle", lambda snippet: made.append(snippet) or f"x;{snippet}"
    )
    assert vega() == vega()
    assert b"window.vegaEmbed = vegaEmbed" in vega()
    assert len(made) == 1


def test_vega_is_there_even_where_nothing_can_be_kept(monkeypatch, tmp_path):
    import vl_convert

    (tmp_path / "file").write_text("")
    monkeypatch.setattr(
        assets_module, "settings", lambda: type("S", (), {"cache_dir": tmp_path / "file"})
    )
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: "bundle")
    assert vega() == b"bundle"


def test_the_real_bundle_puts_vega_on_the_window():
    made = vega()
    assert b"window.vegaEmbed" in made
    assert len(made) > 500_000


def test_plotly_comes_from_its_wheel():
    assert b"plotly.js v" in plotly()[:200]


def test_media_types_are_the_same_everywhere():
    assert media_type("a/b.js") == "text/javascript; charset=utf-8"
    assert media_type("a.svg") == "image/svg+xml"
    assert media_type("a.unknown") == "application/octet-stream"


# Base path


@pytest.mark.parametrize("prefix", ["lab/entropy", "/lab/entropy/"])
def test_everything_works_under_a_base_path(make_app, source, assets, prefix):
    client = TestClient(make_app(prefix), base_url="http://localhost")
    source.jobs.add("job")
    assert client.get("/lab/entropy/data/run/text").status_code == 200
    assert lines(client.get("/lab/entropy/events/job")) == [{"type": "unknown"}]
    assert client.get(f"/lab/entropy/assets/{assets.version}/frame.js").status_code == 200
    stopped = client.post("/lab/entropy/stop/job", headers={"X-Entroscope": "1"})
    assert stopped.status_code == 204
    assert client.get("/data/run/text").text == "a page"


# What stands in front


@pytest.mark.parametrize("path", ["/data/run/text", "/", "/events/x", "/data/gone/text"])
def test_every_answer_says_what_a_browser_may_do_with_it(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:" in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    plain = client.get("/data/run/text", headers={"Host": "lab.example.org"}).headers
    assert "cross-origin-opener-policy" not in plain  # no browser heeds it there
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


def test_the_policy_names_no_other_host_and_no_scheme_that_reaches_one(client):
    policy = client.get("/").headers["content-security-policy"]
    rules = dict(each.split(" ", 1) for each in policy.split("; "))
    for rule, sources in rules.items():
        reached = set(sources.split()) - {"'self'", "'none'", "data:", "blob:"}
        assert reached <= {"'unsafe-inline'", "'unsafe-eval'"}, rule
    assert rules["connect-src"] == "'self'"


@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "a.example.org", "[::1]:8501"])
def test_the_names_of_the_server_are_answered(client, host):
    assert client.get("/data/run/text", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "example.org", "localhost.evil.example", ""])
@pytest.mark.parametrize("path", ["/data/run/text", "/events/x", "/", "/stop/x"])
def test_other_names_are_refused_on_every_route(client, host, path):
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "content-security-policy" in answer.headers


def test_without_a_list_every_name_is_answered(make_app):
    client = TestClient(make_app(hosts=[]), base_url="http://any.example")
    assert client.get("/data/run/text").status_code == 200


def test_the_list_is_read_as_streamlit_reads_it():
    assert host_patterns([" LocalHost. ", "*.Example.org", "*", "::1", "a*b"]) == [
        "localhost", "*.example.org", "*", "[::1]",
    ]  # fmt: skip
    assert host_patterns(["a*b"]) == []


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/base/_stcore/metrics", "/_stcore/metrics/"])
def test_figures_about_the_process_are_nobodys_business(client, path):
    assert client.get(path).status_code == 404


# Start and end


def test_the_server_warms_up_at_the_start_and_stops_all_work_at_the_end(make_app, source):
    with TestClient(make_app(), base_url="http://localhost"):
        assert source.warm.wait(60)
        assert source.said == []
    assert source.said == ["closed"]


@pytest.mark.parametrize("mode", ["class", "public"])
def test_among_others_no_parcel_stays_in_the_browser(client, monkeypatch, mode):
    monkeypatch.setenv("ENTROSCOPE_MODE", mode)
    settings.cache_clear()
    assert client.get("/data/run/numbers").headers["Cache-Control"] == "private, no-store"


def test_many_counts_at_once_leave_threads_for_other_routes(make_app):
    source, most, now, gate = FakeSource(), [0], [0], threading.Event()

    def count(body):
        now[0] += 1
        most[0] = max(most[0], now[0])
        gate.wait(PATIENCE)
        now[0] -= 1
        return {"tokens": 1}

    source.count = count

    async def ask():
        transport = httpx.ASGITransport(app=make_app(source=source))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asking = [
                asyncio.create_task(client.post("/count", headers={OWN_HEADER: "1"}, content=b"{}"))
                for _ in range(60)  # more than there are threads
            ]
            async with asyncio.timeout(PATIENCE):
                while now[0] < MOST_COUNTS:
                    await asyncio.sleep(0.01)
                data = await client.get("/data/run/text")
            gate.set()
            return data.status_code, [each.status_code for each in await asyncio.gather(*asking)]

    assert run_loop(ask()) == (200, [200] * 60)
    assert most == [MOST_COUNTS]
