"""A server that a reader types: for them alone, for as long as their session, its key nowhere."""

from __future__ import annotations

import json
import logging

import pytest

import backend
from backend import servers
from backend.errors import InputError, ModelError
from backend.lenses import LENSES
from backend.lenses.parts import part
from backend.runs.intervals import IntervalsRequest
from backend.servers import connections
from backend.settings import settings
from backend.storage.csv_file import table_csv
from backend.storage.permalink import encode, exact_request
from backend.storage.plain import to_plain
from backend.storage.snippet import snippet
from components import actions
from tests.servers.model_server import KEY, serving

TEXT = "The quick brown fox."


@pytest.fixture(autouse=True)
def nothing_typed(monkeypatch):
    monkeypatch.setattr(connections, "_typed", {})
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def ours(tiny_model):
    with serving(tiny_model("gpt2"), "llama") as made:
        yield made


def test_the_key_is_in_nothing_that_a_run_leaves(ours, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    handle = servers.connect_typed("anna", "lab", ours.address, key=KEY)
    run = backend.study_intervals(None, TEXT, server=handle)
    lens = LENSES["intervals"]
    left = [
        run.save(tmp_path / "run.safetensors").read_bytes().decode("latin-1"),
        run.report(tmp_path / "run.html").read_text("utf-8"),
        json.dumps(to_plain(run)), repr(run), repr(run.request), snippet(run), caplog.text,
        encode(exact_request(run)), json.dumps(exact_request(run).key),
        *(table_csv(each) for each in run.tables().values()),
        *(part(lens, run, each.name)[0].decode("latin-1") for each in lens.panels),
        part(lens, run, "about")[0].decode("latin-1"),
        repr(connections.connection(handle)), handle,
    ]  # fmt: skip
    host = ours.address.removesuffix("/v1").removeprefix("http://")
    for secret in (KEY, host):
        assert not any(secret in each for each in left)
    assert run.model.source == "server:lab"


def test_a_fault_names_the_server_as_it_was_called(ours):
    handle = servers.connect_typed("anna", "lab", ours.address, key="sk-wrong")
    with pytest.raises(ModelError, match="The server 'lab' wants another key") as caught:
        backend.study_intervals(None, TEXT, server=handle)
    assert "sk-wrong" not in str(caught.value)
    assert handle not in str(caught.value)


def test_nobody_else_may_ask_it(ours):
    handle = servers.connect_typed("anna", "lab", ours.address, key=KEY)
    servers.check_owner(handle, "anna")
    with pytest.raises(InputError, match=r"^There is no server 'lab' in this session"):
        servers.check_owner(handle, "ben")
    assert handle not in servers.names()


def test_two_readers_who_type_the_same_have_servers_of_their_own(ours):
    one, two = (servers.connect_typed(each, "lab", ours.address, key=each) for each in "ab")
    assert one != two
    assert [connections.connection(each).key for each in (one, two)] == ["a", "b"]
    assert IntervalsRequest(text="x", server=one).key != IntervalsRequest(text="x", server=two).key


def test_a_forgotten_one_can_no_longer_be_asked(ours):
    handle = servers.connect_typed("anna", "lab", ours.address, key=KEY)
    servers.forget(handle)
    with pytest.raises(InputError, match="Connect to it again"):
        backend.study_intervals(None, TEXT, server=handle)
    assert not ours.asked


@pytest.mark.parametrize("mode", ["class", "public"])
def test_among_readers_only_listed_addresses_are_allowed(monkeypatch, mode):
    monkeypatch.setenv("ENTROSCOPE_MODE", mode)
    if mode == "class":
        monkeypatch.setenv("ENTROSCOPE_CLASS_CODE", "blue-horse-staple")
    settings.cache_clear()
    with pytest.raises(InputError, match="allows no addresses"):
        servers.connect_typed("anna", "lab", "http://169.254.169.254/")
    monkeypatch.setenv("ENTROSCOPE_SERVER_ADDRESSES", '["https://good.example/v1"]')
    settings.cache_clear()
    with pytest.raises(InputError, match="does not allow that address"):
        servers.connect_typed("anna", "lab", "http://127.0.0.1:8080/v1")
    assert servers.connect_typed("anna", "lab", "https://good.example/v1").startswith("lab #")


class Taking:
    """A source that only takes servers."""

    def __init__(self) -> None:
        self.taken = []

    def connect_server(self, **said):
        self.taken.append(said)


def test_what_the_form_says_is_checked_before_it_is_taken(monkeypatch):
    said = []
    monkeypatch.setattr(actions.session, "notice", lambda kind, words: said.append(words))
    source = Taking()
    actions.connect(source, {"name": " lab ", "address": "http://h/v1", "key": KEY})  # type: ignore[arg-type]
    assert source.taken == [
        {"name": "lab", "address": "http://h/v1", "key": KEY, "model": "", "vocabulary": 0}
    ]
    assert said == ["lab is known until this session ends."]
    for wrong in ({"vocabulary": "many"}, {"vocabulary": -1}, {"key": "x" * 3_000}):
        with pytest.raises(InputError):
            actions.connect(source, wrong)  # type: ignore[arg-type]
    assert len(source.taken) == 1
