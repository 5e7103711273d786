"""Words, sentences and lines: every token in one piece, no number invented."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.derived.spans import gather, split
from backend.errors import InputError
from tests.runs.makers import text_run


def cut(text: str, level, pattern: str = r" ?\w+|\s|[^\w\s]"):
    """Cut a text whose tokens are words with the space before them, marks and white space."""
    spans = [match.span() for match in re.finditer(pattern, text)]
    run = dataclasses.replace(
        text_run("x" * len(spans), width=1),
        text=text,
        tokens=[text[start:end] for start, end in spans],
        offsets=np.array(spans, np.int32),
    )
    return split(run, level)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One two, three.", ["One", " two,", " three."]),
        ("a  b\n\nc", ["a", "  b", "\n\nc"]),
        ("end ", ["end "]),
        ("don't stop", ["don't", " stop"]),
        ("我们 ok", ["我", "们", " ok"]),
        ("走了。Then", ["走", "了。", "Then"]),
    ],
)
def test_words_stand_between_white_space_and_take_that_before_them(text, words):
    assert cut(text, "word", r"\s+|[一-鿿]|[^\s\w]|[A-Za-z]+").texts == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", " Two!", " Three?"]),
        ('He said "No." Then left.', ['He said "No."', " Then left."]),
        ("Pi is 3.14 today.", ["Pi is 3.14 today."]),
        ("Wait... what?", ["Wait...", " what?"]),
        ("A title\n\nA text.", ["A title\n\n", "A text."]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_with_their_marks_or_before_an_empty_line(text, sentences):
    assert cut(text, "sentence").texts == sentences


def test_lines_end_with_their_break():
    assert cut("a b\n\n  c\r\nd", "line", r"\r\n|\n|[^\S\n\r]*\w").texts == [
        "a b\n",
        "\n",
        "  c\r\n",
        "d",
    ]


def test_a_token_goes_where_its_first_visible_character_is():
    spans = cut("One.\nTwo.", "line", r"One|\.\nTwo|\.")
    assert spans.texts == ["One.\nTwo", "."]


def test_a_control_token_is_a_word_by_itself():
    run = text_run("<|a|>user", width=5)
    run = dataclasses.replace(run, special=np.array([True, False]))
    assert split(run, "word").texts == ["<|a|>", "user"]


@given(st.text(min_size=1), st.integers(1, 4), st.sampled_from(["word", "sentence", "line"]))
def test_every_text_is_cut_into_pieces_that_join_to_it(text, width, level):
    spans = split(text_run(text, width=width), level)
    assert "".join(spans.texts) == text
    assert spans.of_token[0] == 0
    assert set(np.diff(spans.of_token)) <= {0, 1}
    assert len(spans) == spans.of_token[-1] + 1


def test_an_unknown_level_is_refused():
    with pytest.raises(InputError, match="'word', 'sentence' or 'line'"):
        split(text_run(), "page")  # type: ignore[arg-type]


def test_numbers_add_up_over_scored_tokens_only():
    run = dataclasses.replace(
        text_run("ab cd", width=1),
        entropy=np.array([np.nan, 1, 2, 3, 4], np.float32),
        surprisal=np.array([np.nan, 2, 2, 5, 6], np.float32),
    )
    numbers = gather(run, split(run, "word"))
    assert numbers.tokens.tolist() == [2, 3]
    assert numbers.scored.tolist() == [1, 3]
    assert numbers.surprisal.tolist() == [2, 13]
    assert numbers.entropy.tolist() == [1, 3]
    assert numbers.peak_entropy.tolist() == [1, 4]
    assert numbers.gap.tolist() == [1, 4]


def test_a_piece_without_a_scored_token_has_no_numbers():
    run = text_run("a b", width=1)
    numbers = gather(run, split(run, "word"))
    assert numbers.scored.tolist() == [0, 2]
    for values in (numbers.surprisal, numbers.entropy, numbers.peak_entropy, numbers.gap):
        assert np.isnan(values[0])
        assert np.isfinite(values[1])
