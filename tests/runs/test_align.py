"""Runs of different tokenizers meet at the smallest spans both cut out whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.derived.align import align, places
from backend.derived.alignments import joined_spans
from tests.runs.makers import text_run


def cut(text: str, *lengths: int, gaps: bool = False):
    """Return a run over ``text`` with tokens of the given lengths; gaps drop a leading space."""
    run = text_run(text, width=1)
    ends = np.cumsum(lengths)
    starts = np.concatenate([[0], ends[:-1]])
    assert ends[-1] == len(text)
    if gaps:
        starts = starts + np.array([text[each] == " " for each in starts])
    arrays = {
        name: value[: len(ends)] for name, value in run.arrays().items() if len(value) == len(run)
    }
    arrays["offsets"] = np.stack([starts, ends], 1).astype(np.int32)
    tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return replace(run, tokens=tokens, **arrays)


def test_equal_tokens_meet_one_by_one():
    run = cut("one two", 3, 4)
    alignment = align(run, run)
    assert alignment.texts == ["one", " two"]
    assert alignment.single.all()


def test_tokens_that_cut_a_word_differently_meet_around_it():
    alignment = align(cut("abcdef gh", 2, 4, 3), cut("abcdef gh", 3, 3, 1, 2))
    assert alignment.texts == ["abcdef", " gh"]
    assert alignment.a.tolist() == [[0, 2], [2, 3]]
    assert alignment.b.tolist() == [[0, 2], [2, 4]]
    assert alignment.single.tolist() == [False, False]


def test_white_space_that_one_tokenizer_drops_separates_tokens_all_the_same():
    alignment = align(cut("one two", 3, 4), cut("one two", 3, 4, gaps=True))
    assert alignment.texts == ["one", " two"]


def test_pieces_of_one_character_stay_together():
    run = cut("a🙂b", 1, 1, 1)
    pieces = replace(
        text_run("a🙂b", width=1, seed=3),
        tokens=["a", "\ufffd", "\ufffd", "b"],
        **{
            name: np.concatenate([value[:2], value[1:]])
            for name, value in text_run("a🙂b", width=1).arrays().items()
        },
    )
    assert align(run, pieces).b.tolist() == [[0, 1], [1, 3], [3, 4]]


@given(
    text=st.text("abc ", min_size=1, max_size=40),
    width_a=st.integers(1, 7),
    width_b=st.integers(1, 7),
)
@settings(max_examples=80, deadline=None)
def test_spans_follow_each_other_cover_the_text_and_are_the_smallest(text, width_a, width_b):
    a, b = text_run(text, width=width_a), text_run(text, width=width_b)
    alignment = align(a, b)
    assert "".join(alignment.texts) == text
    assert alignment.a[0, 0] == alignment.b[0, 0] == 0
    assert (alignment.a[1:, 0] == alignment.a[:-1, 1]).all()
    common = set(range(width_a, len(text), width_a)) & set(range(width_b, len(text), width_b))
    assert len(alignment) == len(common) + 1


def test_the_surprisal_of_a_span_is_the_sum_over_its_tokens():
    values = np.array([np.nan, 1, 2, 4], np.float32)
    assert joined_spans(values, np.array([[1, 3], [3, 4]])).tolist() == [3, 4]
    assert np.isnan(joined_spans(values, np.array([[0, 2], [2, 2]]))).all()


def test_other_numbers_of_a_span_are_the_mean_or_the_greatest_of_its_tokens():
    values = np.array([[1, 2, 6], [3, 5, 1]], np.float32)
    spans = np.array([[0, 1], [1, 3]])
    assert joined_spans(values, spans, "mean").tolist() == [[1, 4], [3, 3]]
    assert joined_spans(values, spans, "max").tolist() == [[1, 6], [3, 5]]


def test_places_are_the_spans_and_between_them_what_only_one_text_has():
    a, b = cut("the cat sat", 3, 4, 4), cut("the old dog sat", 3, 4, 4, 4)
    assert places(align(a, b), a, b).tolist() == [
        [0, 1, 0, 1], [1, 2, 1, 1], [2, 2, 1, 2], [2, 2, 2, 3], [2, 3, 3, 4],
    ]  # fmt: skip


def test_places_of_texts_that_share_nothing_are_all_tokens_of_both():
    a, b = cut("abc", 1, 2), cut("xyz", 3)
    assert places(align(a, b), a, b).tolist() == [[0, 1, 0, 0], [1, 2, 0, 0], [2, 2, 0, 1]]


def test_pieces_of_a_character_that_only_one_text_has_are_one_place():
    run = replace(cut("🙂🙂", 1, 1), groups=np.array([0, 0], np.int32))
    other = cut("x", 1)
    assert places(align(run, other), run, other).tolist() == [[0, 2, 0, 0], [2, 2, 0, 1]]


def test_a_beginning_of_sequence_token_is_no_text():
    plain = cut("one two", 3, 4)
    begun = cut("<s>one two", 3, 3, 4)
    begun = replace(begun, request=replace(begun.request, text="one two", add_bos=True))
    alignment = align(plain, begun)
    assert alignment.texts == ["one", " two"]
    assert alignment.b.tolist() == [[1, 2], [2, 3]]


def test_tokens_that_reach_out_of_the_shared_part_are_left_out():
    alignment = align(cut("the cat sat", 4, 4, 3), cut("the dog sat", 4, 4, 3))
    assert alignment.texts == ["the ", "sat"]


def test_a_long_text_aligns_quickly():
    text = "word " * 20_000
    alignment = align(text_run(text, width=4, top_k=1), text_run(text, width=5, top_k=1))
    assert len(alignment) == 5_000
