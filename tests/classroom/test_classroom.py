"""The classroom: one question, one answer a reader, what the teacher carries; all of it lasts."""

from __future__ import annotations

import csv
import io
import threading

import numpy as np
import pytest

from backend.classroom import Classroom
from backend.errors import InputError, LibraryError
from backend.lessons import LESSONS
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

GUESS = "guess_the_next_word"
GAP, CLICK = 1, 4
"""Steps of the lesson: a covered word, “daughters” (token 11); and a click, on token 21."""
RUN = load_run(EXAMPLES / "text_guess.safetensors")


def run_at(look):
    return RUN if look.query.get("example") == "text_guess" else None


@pytest.fixture
def make(tmp_path):
    return lambda **more: Classroom(tmp_path / "class", LESSONS.__getitem__, run_at, **more)


@pytest.fixture
def room(make):
    return make()


def mine(room, reader):
    return room.seen_by(reader, teaches=False)["question"]["mine"]


def tally(room):
    return room.seen_by("", teaches=True)["question"]["tally"]


def test_a_class_begins_with_nothing(room):
    assert room.seen_by("ann", teaches=False) == {"question": None, "follow": None}


def test_a_question_is_on_all_screens_with_the_text_before_its_gap(room):
    room.ask(GUESS, GAP)
    shown = room.seen_by("ann", teaches=False)["question"]
    assert (shown["kind"], shown["open"], shown["mine"]) == ("word", True, None)
    assert shown["before"] == RUN.text[: RUN.offsets[11][0]]
    assert shown["before"].endswith("three")


def test_a_guess_is_worth_what_the_run_says_of_it(room):
    asked = room.ask(GUESS, GAP)
    likely = [RUN.vocabulary[str(each)] for each in RUN.top_ids[11]]
    sons = room.answer("ann", asked.id, {"word": "sons"})
    assert sons.nats == pytest.approx(-float(RUN.top_logprobs[11, likely.index(" sons")]))
    came = room.answer("bob", asked.id, {"word": " Daughters "})
    assert came.right
    assert came.nats == pytest.approx(float(RUN.surprisal[11]))
    rare = room.answer("cem", asked.id, {"word": "unicorns"})
    assert (rare.right, rare.nats) == (False, None)
    assert rare.least == pytest.approx(float(np.max(-RUN.top_logprobs[11])))


def test_a_reader_has_one_answer_and_may_change_it(room):
    asked = room.ask(GUESS, GAP)
    room.answer("ann", asked.id, {"word": "sons"})
    room.answer("bob", asked.id, {"word": "sons"})
    room.answer("ann", asked.id, {"word": "daughters"})
    assert mine(room, "ann") == {"label": "daughters"}
    assert tally(room)["count"] == 2
    assert len(tally(room)["nats"]) == 2


def test_students_see_no_number_before_the_question_is_closed_and_the_teacher_no_names(room):
    asked = room.ask(GUESS, GAP)
    room.answer("ann", asked.id, {"word": "daughters"})
    before = room.seen_by("bob", teaches=False)["question"]
    assert not {"tally", "right", "words"} & before.keys()
    assert "ann" not in str(room.seen_by("", teaches=True))
    assert mine(room, "ann") == {"label": "daughters"}
    room.close()
    after = room.seen_by("bob", teaches=False)["question"]
    assert after["tally"] == tally(room)
    assert "words" not in after
    assert mine(room, "ann")["right"]


def test_places_are_counted_as_options_with_the_right_one_always_there(room):
    asked = room.ask(GUESS, CLICK)
    assert room.seen_by("ann", teaches=False)["question"]["keys"] == ["token"]
    assert tally(room)["options"] == [["“arithmetic” 21", 0, True]]
    for reader, token in (("ann", 14), ("bob", 14), ("cem", 21)):
        room.answer(reader, asked.id, {"place": {"token": token}})
    assert tally(room)["options"] == [["“youngest” 14", 2, False], ["“arithmetic” 21", 1, True]]
    assert tally(room)["right"] == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (GAP, {}),
        (GAP, {"word": "  "}),
        (GAP, {"word": 5}),
        (GAP, {"word": "x" * 41}),
        (GAP, {"word": "a\u202eb"}),
        (GAP, {"place": {"token": 3}}),
        (CLICK, {"word": "arithmetic"}),
        (CLICK, {"place": {"token": 10_000}}),
        (CLICK, {"place": {"token": -1}}),
        (CLICK, {"place": {"token": True}}),
        (CLICK, {"place": {"token": "21"}}),
        (CLICK, {"place": {"head": [1, 2]}}),
        (CLICK, {"place": {"token": 21, "more": 1}}),
        (CLICK, {"place": [21]}),
    ],
    ids=str,
)
def test_what_answers_no_such_question_is_refused_in_one_line(room, step, said):
    asked = room.ask(GUESS, step)
    with pytest.raises(InputError) as error:
        room.answer("ann", asked.id, said)
    assert len(str(error.value).splitlines()) == 1
    assert tally(room)["count"] == 0


def test_a_closed_question_takes_no_answer_until_it_is_open_again(room):
    asked = room.ask(GUESS, GAP)
    room.close()
    with pytest.raises(InputError, match="closed"):
        room.answer("ann", asked.id, {"word": "sons"})
    room.reopen()
    room.answer("ann", asked.id, {"word": "sons"})
    other = room.ask(GUESS, CLICK)
    with pytest.raises(InputError, match="closed"):
        room.answer("ann", asked.id, {"word": "sons"})
    assert room.question == other


def test_a_question_that_is_put_away_is_on_no_screen(room):
    room.ask(GUESS, GAP)
    room.put_away()
    assert room.question is None
    assert room.seen_by("ann", teaches=False)["question"] is None


@pytest.mark.parametrize("step", [5_000, -1, 60], ids=str)
def test_a_step_that_asks_nothing_cannot_be_asked(room, step):
    with pytest.raises(InputError):
        room.ask(GUESS, step)
    with pytest.raises(InputError):
        room.ask("no_such_lesson", 0)


def test_all_of_it_outlives_a_restart(make):
    room = make()
    first = room.ask(GUESS, GAP)
    room.answer("ann", first.id, {"word": "sons"})
    asked = room.ask(GUESS, CLICK)
    room.answer("ann", asked.id, {"place": {"token": 21}})
    room.follow("tokens?example=text_guess&token=5")
    again = make()
    assert again.question == asked
    assert mine(again, "ann") == {"label": "“arithmetic” 21"}
    assert again.followed == {"look": "tokens?example=text_guess&token=5"}
    assert tally(again) == tally(room)
    again.follow(None)
    assert make().followed is None


def test_what_is_followed_is_an_address_and_nothing_else(room):
    for look in ("//evil.example/x", "javascript:1", "tokens?" + "x" * 9_000):
        with pytest.raises(InputError):
            room.follow(look)
    assert room.followed is None


def test_every_answer_is_exported_without_names(room):
    first = room.ask(GUESS, GAP)
    room.answer("secret-of-ann", first.id, {"word": "sons"})
    room.answer("secret-of-bob", first.id, {"word": "unicorns"})
    second = room.ask(GUESS, CLICK)
    room.answer("secret-of-bob", second.id, {"place": {"token": 21}})
    written = room.csv()
    assert "secret" not in written
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [(each["reader"], each["step"], each["right"]) for each in rows] == [
        ("1", "2", "False"),
        ("2", "2", "False"),
        ("2", "5", "True"),
    ]
    assert float(rows[0]["surprisal_nats"]) == pytest.approx(
        -float(RUN.top_logprobs[11, 0]), abs=1e-4
    )
    assert rows[1]["surprisal_nats"] == ""
    assert float(rows[1]["surprisal_over_nats"]) > 2
    assert rows[2]["answer"] == "“arithmetic” 21"


def test_eighty_readers_answer_at_once_and_none_is_lost(room):
    asked = room.ask(GUESS, GAP)
    readers = [f"reader{i}" for i in range(80)]
    threads = [
        threading.Thread(target=room.answer, args=(each, asked.id, {"word": "sons"}))
        for each in readers
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert tally(room)["count"] == 80
    assert room.csv().count("\n") == 81


def test_every_change_is_told(make):
    told = []
    room = make(changed=lambda: told.append(1))
    asked = room.ask(GUESS, GAP)
    room.answer("ann", asked.id, {"word": "sons"})
    room.close()
    room.reopen()
    room.put_away()
    room.follow("tokens")
    room.follow("tokens")  # no change
    assert len(told) == 6


def test_a_folder_that_cannot_be_written_costs_one_clear_line(tmp_path):
    (tmp_path / "class").write_text("a file in the place of the folder")
    room = Classroom(tmp_path / "class", LESSONS.__getitem__, run_at)
    with pytest.raises(LibraryError) as error:
        room.ask(GUESS, GAP)
    assert len(str(error.value).splitlines()) == 1
