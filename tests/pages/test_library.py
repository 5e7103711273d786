"""The page of saved runs, without a browser."""

from __future__ import annotations

import re
import sqlite3
import time

import pytest

from backend import cached
from backend.errors import LibraryError
from backend.lessons import Lesson, Step
from components.library.card import date_in_full, size_of
from components.library.page import PAGE_SIZE
from tests.runs.makers import all_kinds, dataset_run, text_run


def words(at) -> str:
    shown = [*at.info, *at.warning, *at.error, *at.caption, *at.markdown]
    return "\n".join(each.value for each in shown)


def cards(at) -> list[str]:
    """Names on the cards, as they are shown."""
    names = [each.label for each in at.button if (each.key or "").startswith("open-")]
    return [re.sub(r"\\(.)", r"\1", each) for each in names]


def pictures(at) -> list[str]:
    return [each for each in html(at) if 'class="card-picture"' in each]


def html(at) -> list[str]:
    return [each.proto.body for each in at.get("html")]


def field(at, label: str):
    return next(each for each in [*at.text_input, *at.selectbox, *at.toggle] if each.label == label)


def button(at, key: str):
    return next(each for each in at.button if each.key == key)


def has_button(at, key: str) -> bool:
    return any(each.key == key for each in at.button)


def tick(at, *run_ids: str):
    for run_id in run_ids:
        box = next(each for each in at.checkbox if (each.key or "").startswith(f"tick-{run_id}"))
        at = (box.uncheck() if box.value else box.check()).run()
    return at


def test_it_has_one_heading_of_the_first_order_and_no_error(app):
    at = app("keep/library")
    assert [each.value for each in at.title] == ["Library"]
    assert not at.error


def test_an_empty_library_says_how_runs_come_into_it(app):
    assert "Nothing is saved yet" in words(app("keep/library"))


def test_saved_runs_are_cards_with_a_picture_their_kind_model_date_and_tags(app):
    run_id = cached.library().save(text_run("A cat sat", title="Animals"), tags=["zoo"])
    at = app("keep/library")
    assert cards(at) == ["Animals"]
    assert len(pictures(at)) == 1
    assert "data:image/svg+xml;base64," in pictures(at)[0]
    told = next(each for each in html(at) if "card-words" in each)
    for each in ("A cat sat", "Tokens · Tiny", "1 January 2026, 00:00", "<span>zoo</span>"):
        assert each in told
    assert cached.library().previews([run_id])[run_id].startswith('{"shape":"text"')


@pytest.mark.parametrize("run", all_kinds(), ids=lambda run: run.kind)
def test_a_run_of_every_kind_has_a_card_with_a_picture(app, run):
    cached.library().save(run, title="Kept")
    at = app("keep/library")
    assert cards(at) == ["Kept"]
    assert len(pictures(at)) == 1


def test_a_run_without_a_title_is_called_by_its_text(app):
    cached.library().save(text_run("How this text begins"))
    assert cards(app("keep/library")) == ["How this text begins"]


def test_what_comes_from_outside_is_shown_as_text(app):
    cached.library().save(text_run("<b>x</b>", title="<b>:red[x]</b> $y$"), tags=["<i>t</i>"])
    at = app("keep/library")
    assert cards(at) == ["<b>:red[x]</b> $y$"]
    told = next(each for each in html(at) if "card-words" in each)
    assert "&lt;b&gt;x&lt;/b&gt;" in told
    assert "&lt;i&gt;t&lt;/i&gt;" in told
    assert "<b>" not in told


def test_runs_are_searched_by_name_text_and_tag(app):
    cached.library().save(text_run("A cat sat", seed=1, title="Animals"), tags=["zoo"])
    cached.library().save(text_run("A car drove", seed=2, title="Traffic"))
    at = app("keep/library")
    assert set(cards(at)) == {"Animals", "Traffic"}
    for search in ("zoo", "cat", "anim"):
        assert cards(field(at, "Search").set_value(search).run()) == ["Animals"]
    field(at, "Search").set_value("nothing like it").run()
    assert "Nothing found" in words(at)


def test_runs_are_filtered_by_kind_and_sorted(app):
    cached.library().save(text_run(seed=1, title="B text"))
    cached.library().save(dataset_run(), title="A set")
    at = app("keep/library")
    assert cards(at) == ["A set", "B text"]
    field(at, "Order").select("Oldest first").run()
    assert cards(at) == ["B text", "A set"]
    field(at, "Kind").select("Data set").run()
    assert cards(at) == ["A set"]


def test_an_older_address_still_searches(app):
    cached.library().save(text_run(seed=1, title="Animals"))
    cached.library().save(dataset_run(), title="A set")
    at = app("keep/library", **{"library.search": "anim"})
    assert cards(at) == ["Animals"]
    at = app("keep/library", **{"library.kind": "dataset"})
    assert cards(at) == ["A set"]


def test_two_ticked_runs_of_one_kind_can_be_compared_in_the_order_of_the_ticks(app):
    first = cached.library().save(text_run(seed=1, title="First"))
    second = cached.library().save(text_run(seed=2, title="Second"))
    at = tick(app("keep/library"), first)
    assert "tick another of its kind" in words(at)
    at = tick(at, second)
    button(at, "library:compare").click().run()
    made = at.session_state["session"].readings["compare"]
    assert made.address == {"a": f"run:saved-{first}", "b": f"run:saved-{second}"}


def test_two_runs_of_different_kinds_are_not_offered_for_comparison(app):
    text = cached.library().save(text_run())
    many = cached.library().save(dataset_run())
    at = tick(app("keep/library"), text, many)
    assert not has_button(at, "library:compare")
    assert "of one kind" in words(at)


def test_what_cannot_be_compared_after_all_is_told_and_nothing_breaks(app):
    from dataclasses import replace

    other = replace(dataset_run().request, texts=("something", "else", "here"))
    first = cached.library().save(dataset_run())
    second = cached.library().save(replace(dataset_run(), request=other))
    at = tick(app("keep/library"), first, second)
    at = button(at, "library:compare").click().run()
    assert not at.exception
    assert "no text in common" in at.toast[0].value


def test_a_card_opens_its_run_for_all_lenses_of_its_text(app):
    run_id = cached.library().save(text_run("one two", title="Mine"))
    at = app("keep/library")
    button(at, f"open-{run_id}").click().run()
    assert not at.exception
    made = at.session_state["session"].readings["text"]
    assert (made.text, made.title) == ("one two", "Mine")
    assert made.address == {"run": f"saved-{run_id}"}


def test_a_damaged_file_is_told_where_it_is_pressed(app):
    run_id = cached.library().save(text_run(title="Mine"))
    cached.library().file(run_id).write_bytes(b"nonsense")
    at = app("keep/library")
    at = button(at, f"open-{run_id}").click().run()
    assert not at.exception
    assert "damaged" in words(at) + "".join(each.value for each in at.toast)


def test_what_is_thrown_away_comes_back_by_undo(app):
    run_id = cached.library().save(text_run(title="Short-lived"))
    at = tick(app("keep/library"), run_id)
    at = button(at, "library:delete").click().run()
    assert cards(at) == []
    assert "moved to the trash" in words(at)
    at = button(at, "library:undo").click().run()
    assert cards(at) == ["Short-lived"]
    assert "moved to the trash" not in words(at)


def test_a_run_that_a_lesson_shows_is_not_thrown_away_without_saying_so(app):
    run_id = cached.library().save(text_run(title="In class"))
    step = Step("Look.", f"tokens?run=saved-{run_id}")
    cached.own_lessons().create(Lesson("*Monday*", 5, "", (step,)))
    at = tick(app("keep/library"), run_id)
    at = button(at, "library:delete").click().run()
    assert r"\*Monday\*" in words(at)


def test_the_trash_is_found_and_emptied_later(app):
    run_id = cached.library().save(text_run(title="Gone"))
    cached.library().delete([run_id])
    at = app("keep/library", **{"library.deleted": "on"})
    assert cards(at) == ["Gone"]
    at = tick(at, run_id)
    button(at, "library:restore").click().run()
    assert [entry.id for entry in cached.library().entries()] == [run_id]


def test_many_runs_come_page_by_page(app):
    library = cached.library()
    run_id = library.save(text_run())
    rows = [
        (f"{number:016x}", f"Run {number:03}", "text", "Tiny", f"word {number}", "[]",
         "2026-01-01T00:00:00+00:00", f"2026-{number:04d}", 10, '{"shape":"nothing"}')
        for number in range(500)
    ]  # fmt: skip
    with sqlite3.connect(library._folder / "library.db") as index:
        index.executemany("insert into run values (?,?,?,?,?,?,?,?,?,null,?,'')", rows)
    index.close()
    library.delete([run_id])
    begun = time.perf_counter()
    at = app("keep/library")
    spent = time.perf_counter() - begun
    assert len(cards(at)) == PAGE_SIZE
    assert cards(at)[0] == "Run 499"
    assert "1–24 of 500 runs" in words(at)
    at = button(at, "library:Next").click().run()
    assert cards(at)[0] == f"Run {499 - PAGE_SIZE}"
    at = field(at, "Search").set_value("499").run()
    assert cards(at) == ["Run 499"]
    assert spent < 20, "the index alone is read, no file"


def test_a_library_that_cannot_be_opened_is_one_clear_line(app, tmp_path):
    (tmp_path / "runs").write_text("no folder")
    at = app("keep/library")
    assert len(at.error) == 1
    assert "The library cannot be used now" in words(at).replace("\\", "")


def test_a_library_that_may_only_be_read_shows_its_runs_and_says_so(app, monkeypatch):
    cached.library().save(text_run(title="Kept"))
    monkeypatch.setattr(cached.library()._state, "writable", False)
    monkeypatch.setattr(cached.library()._state, "tried", time.monotonic())
    at = app("keep/library")
    assert cards(at) == ["Kept"]
    assert "may only be read now" in words(at)


def test_a_full_disk_is_told_where_something_was_to_be_changed(app, monkeypatch):
    run_id = cached.library().save(text_run(title="Kept"))

    def refuse(*_: object) -> None:
        raise LibraryError("The library cannot be used now: the disk is full. It stays.")

    monkeypatch.setattr(cached.library(), "delete", refuse)
    at = tick(app("keep/library"), run_id)
    at = button(at, "library:delete").click().run()
    assert not at.exception
    assert "the disk is full" in at.toast[0].value
    assert cards(at) == ["Kept"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-03-12T14:05:00+00:00", "12 March 2026, 14:05"),
        ("2026-03-12T14:05:00", "12 March 2026, 14:05"),
        ("nonsense", ""),
    ],
)
def test_dates_are_written_in_full(written, shown):
    assert date_in_full(written) == shown


@pytest.mark.parametrize(("count", "shown"), [(10, "1 kB"), (3_400, "3 kB"), (1_234_567, "1.2 MB")])
def test_sizes_are_written_as_people_do(count, shown):
    assert size_of(count) == shown
