"""Random hostile inputs by every way in: refused in one line of ours, or taken; nothing else.

The short form runs with the ordinary tests and tries the same inputs every time; the long one
tries 10,000 others.
"""

from __future__ import annotations

import random
import socket
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.testclient import TestClient

import backend
from backend import cached
from backend.errors import EntroscopeError, RunFileError
from backend.lenses import LENSES
from backend.lenses.looks import read_look
from backend.lenses.parts import part
from backend.lessons import lessons_in_order
from backend.lessons.file import dump_lesson, take_lesson
from backend.lessons.own import read_lesson
from backend.settings import settings as our_settings
from backend.storage.csv_file import table_csv
from backend.storage.files import dump_run, parse_run
from backend.storage.library import Library
from backend.storage.permalink import decode
from backend.storage.texts_file import fields_of, read_texts
from backend.web.codes import code_routes
from backend.web.estimates import estimate_routes
from backend.web.learning import learning_routes
from backend.web.routes import OWN_HEADER, routes
from backend.web.samplers import sampler_routes
from backend.web.saved import saved_routes
from components import checks
from components.plain import escape_markdown
from tests.runs.makers import all_kinds, text_run
from tests.runs.test_hostile_files import forge, mutate, show
from tests.security.inputs import (
    EXAMPLE,
    addresses,
    as_json,
    file_names,
    lessons,
    packed_links,
    safetensors_like,
    table_bytes,
    texts,
    whole_lesson,
    words,
)

SHORT = {"texts": 20, "tokens": 8}  # each of them makes a run, with its pictures
SHORT_ELSE = 60
LONG = 10_000


@cache
def kinds() -> list[tuple[bytes, Any]]:
    return [(dump_run(run), run) for run in all_kinds()]


def text(given_text: str, tmp: Path) -> None:
    """A text that is read by a model, shown, and written into every kind of file."""
    run = backend.study_text(tiny(), given_text[:300])
    assert run.text == given_text[:300] or not run.exact
    escape_markdown(given_text)
    for table in run.tables().values():
        table_csv(table)


def tokens(pieces: list[str], tmp: Path) -> None:
    """Tokens that a tokenizer of somebody's model may have, in everything that a lens shows."""
    run = text_run("".join(pieces) or "a")
    run.tokens[:] = (pieces * len(run.tokens))[: len(run.tokens)] or run.tokens
    show(run, "bits")
    part(LENSES["text"], run, "table/tokens.csv")
    escape_markdown(" ".join(pieces))


def link(said: tuple[str, str], tmp: Path) -> None:
    """Parts of an address."""
    value, packed = said
    for check in (
        checks.index, checks.head, checks.name, checks.run_key, checks.run_keys, checks.code,
        checks.choice, checks.device, checks.line, checks.switch, checks.whole(0, 9),
        checks.number(0, 1), checks.several(checks.index), checks.handle, read_look, decode,
    ):  # fmt: skip
        for each in (value, packed):
            refusable(lambda check=check, each=each: check(each), ValueError)


def run_file(seed: int, tmp: Path) -> None:
    """Run files with blows and with forged fields."""
    dice = random.Random(seed)
    whole, _ = dice.choice(kinds())
    try:
        run = parse_run(dice.choice([mutate, forge])(whole, dice), "upload")
    except RunFileError:
        return
    assert parse_run(dump_run(run), "again").kind == run.kind


def table(said: tuple[bytes, str, str], tmp: Path) -> None:
    """Files of texts."""
    data, name, field = said
    fields_of(data, name)
    read_texts(data, name, field)


def lesson(data: bytes, tmp: Path) -> None:
    """Lessons as JSON, and files of lessons."""
    refusable(lambda: read_lesson(data))
    take_lesson(data, Library(tmp))


def upload(data: bytes, tmp: Path) -> None:
    """Bytes that somebody puts into the library."""
    refusable(lambda: parse_run(data, "upload"))
    refusable(lambda: take_lesson(data, Library(tmp)))
    read_texts(data, "a.csv")


def address(said: tuple[str, str, bytes], tmp: Path) -> None:
    """Requests to our own routes."""
    method, path, body = said
    path = path.replace(f"/{EXAMPLE}/", f"/{cached.example_content('text_fact')}/")
    answer = client().request(method, path, content=body, headers={OWN_HEADER: "1"})
    assert answer.status_code < 500, (answer.status_code, path)
    if answer.status_code >= 400:
        assert "Traceback" not in answer.text
        assert len(answer.text.splitlines()) <= 1
        assert str(ROOT) not in answer.text


ROOT = Path(__file__).parents[2]


def refusable(act: Callable[[], Any], *also: type[Exception]) -> None:
    """Do something that may be refused by an error of ours with one line."""
    try:
        act()
    except (EntroscopeError, *also) as error:
        lines = str(error).splitlines()
    else:
        return
    assert len(lines) <= 1, lines


@cache
def tiny() -> Any:
    return _model[0]


_model: list[Any] = []


@cache
def client() -> TestClient:
    made = [
        *routes(cached), *sampler_routes(cached), *estimate_routes(cached), *saved_routes(cached),
        *code_routes(), *learning_routes(cached),
    ]  # fmt: skip
    return TestClient(Starlette(routes=made))


WAYS: dict[str, tuple[some.SearchStrategy[Any], Callable[[Any, Path], None]]] = {
    "texts": (texts, text),
    "tokens": (some.lists(words, min_size=1, max_size=5), tokens),
    "links": (some.tuples(texts, packed_links() | texts), link),
    "run files": (some.integers(0, 2**32), run_file),
    "tables": (some.tuples(table_bytes, file_names, texts | some.just("text")), table),
    "lessons": (lessons(), lesson),
    "uploads": (safetensors_like() | some.binary(max_size=200), upload),
    "addresses": (addresses(), address),
}


@pytest.fixture
def sealed(monkeypatch):
    """Let nothing be started and no other machine be reached."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError(f"{arguments[1:] or arguments} was reached for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr("os.system", refuse)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch, tiny_model):
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    our_settings.cache_clear()
    st.cache_resource.clear()
    _model[:] = [tiny_model("llama")]
    yield
    cached.close()
    st.cache_resource.clear()
    our_settings.cache_clear()


def fuzz(way: str, count: int, tmp_path: Path, *, same: bool) -> None:
    """Try so many inputs by one way."""
    inputs, take = WAYS[way]
    tried = 0

    @settings(
        max_examples=count,
        derandomize=same,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    @given(inputs)
    def attack(given_input: Any) -> None:
        nonlocal tried
        tried += 1
        refusable(lambda: take(given_input, tmp_path))

    attack()
    assert tried >= count // 2  # the inputs did not run out


@pytest.mark.parametrize("way", WAYS)
def test_hostile_inputs_are_refused_in_one_line_or_taken(way, tmp_path, sealed):
    fuzz(way, SHORT.get(way, SHORT_ELSE), tmp_path, same=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", WAYS)
def test_10_000_hostile_inputs_are_refused_in_one_line_or_taken(way, tmp_path, sealed):
    fuzz(way, LONG // len(WAYS), tmp_path, same=False)


def test_a_whole_lesson_file_is_taken_so_that_the_ways_in_are_open(tmp_path):
    library = Library(tmp_path)
    first = lessons_in_order()[0]
    assert take_lesson(dump_lesson(first, library), library).title == first.title
    assert read_lesson(as_json(whole_lesson())).title == first.title
    assert client().get(f"/data/{cached.example_content('text_fact')}/text").status_code == 200


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff", b"NaN", b"1e999"])
@pytest.mark.parametrize("path", ["/count", "/estimate", "/sampling/step", "/learn/own"])
def test_a_question_that_is_no_question_is_answered_with_one_line(path, body, tmp_path, sealed):
    address(("POST", path, body), tmp_path)
