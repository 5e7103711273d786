"""The Library page and the actions above every run, without a browser."""

from __future__ import annotations

import random
import string

import pytest

from backend import cached
from backend.runs import ModelSpec, TextRequest
from backend.settings import settings
from backend.storage.files import content_id
from backend.storage.permalink import encode
from components.library.links import TOO_LONG
from tests.runs.makers import all_kinds, text_run


@pytest.fixture(autouse=True)
def empty_library(tmp_path, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def words(at) -> str:
    shown = [*at.info, *at.warning, *at.error, *at.caption, *at.markdown]
    return "\n".join(each.value for each in shown)


def table(at):
    return at.dataframe[0].value


def search(at):
    return next(each for each in at.text_input if each.label == "Search")


def button(at, key: str):
    return next(each for each in at.button if each.key == key)


def tick(at, *rows: int):
    """Choose rows of the list, as a click on them would."""
    key = at.dataframe[0].proto.id.split("-", 2)[2]
    at.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return at.run()


def test_an_empty_library_says_how_runs_come_into_it(app):
    assert "Nothing is saved yet" in words(app("library"))


def test_saved_runs_are_listed_and_searched(app):
    cached.library().save(text_run("A cat sat", seed=1, title="Animals"), tags=["zoo"])
    cached.library().save(text_run("A car drove", seed=2, title="Traffic"))
    at = app("library")
    assert set(table(at)["title"]) == {"Animals", "Traffic"}
    search(at).set_value("zoo").run()
    assert list(table(at)["title"]) == ["Animals"]
    search(at).set_value("nothing like it").run()
    assert "Nothing found" in words(at)


def test_a_title_from_outside_is_shown_as_text(app):
    cached.library().save(text_run(title="<b>:red[x]</b> $y$"))
    assert list(table(app("library"))["title"]) == ["<b>:red[x]</b> $y$"]


@pytest.mark.parametrize("run", all_kinds()[:4], ids=lambda run: run.kind)
def test_a_saved_run_of_every_kind_opens_by_its_link(app, run):
    run_id = cached.library().save(run, title="From the library")
    page = {"text": "tokens", "dataset": "dataset"}.get(run.kind, run.kind)
    name = "run" if run.kind == "text" else f"{run.kind}_run"
    at = app(page, **{name: cached.saved_key(run_id)})
    assert "From the library" in [each.value for each in at.subheader]


def test_a_link_to_a_run_that_was_deleted_explains_itself(app):
    run_id = cached.library().save(text_run())
    cached.library().delete([run_id])
    at = app("tokens", run=cached.saved_key(run_id))
    assert "not in the library of this server" in words(at)


def test_a_link_to_a_damaged_file_is_one_clear_notice(app):
    run_id = cached.library().save(text_run())
    path = cached.library().file(run_id)
    path.write_bytes(path.read_bytes()[:200])
    at = app("tokens", run=cached.saved_key(run_id))
    assert "cannot be shown" in words(at)
    assert not at.exception


def test_a_model_that_may_not_be_loaded_is_named_whole_and_not_offered(app, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_ANY_MODEL", "false")
    settings.cache_clear()
    spec = ModelSpec("someone/else", revision="v1.2", dtype="bfloat16")
    at = app("tokens", study=encode(TextRequest(text="Hello there", model=spec)))
    told = words(at).replace("\\", "")
    assert "v1.2" in told
    assert "bfloat16" in told
    assert "link:load" not in {each.key for each in at.button}
    assert "link:bundled" in {each.key for each in at.button}


def test_the_trash_is_found_and_emptied_after_a_reload(app):
    run_id = cached.library().save(text_run(title="Gone"))
    cached.library().delete([run_id])
    at = app("library", **{"library.deleted": "on"})
    assert list(table(at)["title"]) == ["Gone"]
    at = tick(at, 0)
    button(at, "library:restore").click().run()
    assert [entry.id for entry in cached.library().entries()] == [run_id]


def test_an_error_of_the_library_is_shown_as_it_is(app, monkeypatch):
    def refuse(*_, **__):
        raise OSError("No space left on device: /tmp/x_y")

    at = app("tokens", example="text_code")
    monkeypatch.setattr(cached.library(), "save", refuse)
    next(each for each in at.button if each.label == "Save to the library").click().run()
    assert "No space left on device\\: /tmp/x\\_y" in words(at)


def test_a_damaged_file_is_told_on_its_page_and_mended_by_saving_again(app):
    run = text_run(title="Mine")
    run_id = cached.library().save(run)
    cached.library().file(run_id).write_bytes(b"nonsense")
    at = app("tokens", run=cached.saved_key(run_id))
    assert "is not an Entroscope run, or it is damaged" in words(at)
    assert not app("compare", a=f"run:{cached.saved_key(run_id)}").exception
    cached.library().save(run)
    at = app("tokens", run=cached.saved_key(run_id))
    assert "Mine" in [each.value for each in at.subheader]


def test_a_link_to_a_study_of_a_model_not_offered_asks_first(app):
    code = encode(TextRequest(text="Hello there", model=ModelSpec("someone/else")))
    at = app("tokens", study=code)
    assert "someone/else" in words(at).replace("\\", "")
    assert {"link:load", "link:bundled", "link:dismiss"} <= {each.key for each in at.button}
    assert cached.engine().loaded() == []
    button(at, "link:dismiss").click().run()
    assert "someone/else" not in words(at).replace("\\", "")


def test_a_damaged_study_in_a_link_is_one_clear_error(app):
    at = app("tokens", study="AAAA")
    assert "The link cannot be read" in words(at)


def test_a_study_in_a_link_that_is_in_memory_is_shown_at_once(app):
    run = text_run("Still in memory", title="Kept")
    engine = cached.engine()
    with engine._lock:
        engine._runs.put(run.request.key, run)
    at = app("tokens", study=encode(run.request))
    assert "Kept" in [each.value for each in at.subheader]


def test_a_run_is_saved_from_its_page(app):
    at = app("tokens", example="text_code")
    run = cached.example_run("text_code")
    at.text_input[0].set_value("My code")
    save = next(each for each in at.button if each.label == "Save to the library")
    save.click().run()
    (entry,) = cached.library().entries()
    assert (entry.title, entry.id) == ("My code", content_id(run))


def test_a_study_too_long_for_a_link_offers_saving_instead(app):
    noise = "".join(random.Random(1).choices(string.ascii_letters, k=9_000))
    at = app("tokens", run=cached.put_run(text_run(noise, width=100)))
    assert TOO_LONG in [each.value for each in at.markdown]
    at = app("tokens", run=cached.put_run(text_run("short")))
    assert TOO_LONG not in [each.value for each in at.markdown]
