"""What two texts have in common is found in the order of both, and as much of it as there is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.derived import diff
from backend.derived.diff import Shared, shared_text, words_changed

GARDEN = (
    "The old man the boats while the young man the sails.",
    "The old people man the boats while the young people man the sails.",
)


def pieces(a: str, b: str) -> list[str]:
    return [a[each.a : each.a + each.length] for each in shared_text(a, b)]


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        ("same", "same", [Shared(0, 0, 4)]),
        ("question", "<user>question</user>", [Shared(0, 6, 8)]),
        ("<user>question</user>", "question", [Shared(6, 0, 8)]),
        ("the cat sat", "the dog sat", [Shared(0, 0, 4), Shared(7, 7, 4)]),
        ("aXa", "aXYXa", [Shared(0, 0, 2), Shared(2, 4, 1)]),
        ("abc", "xyz", []),
        ("", "xyz", []),
    ],
)
def test_texts_share_what_stands_in_both(a, b, shared):
    assert shared_text(a, b) == shared


def test_words_put_into_the_middle_leave_all_others_shared():
    assert pieces(*GARDEN) == ["The old", " man the boats while the young", " man the sails."]


def test_a_word_that_comes_again_later_is_matched_where_most_is_shared():
    assert pieces("an old man. Then", "manned boats. An old boat, an old man. Then") == [
        "an old man. Then"
    ]


def test_scripts_without_spaces_are_compared_letter_by_letter():
    assert pieces("首都是巴黎", "首都不是巴黎") == ["首都", "是巴黎"]


@given(a=st.text("ab ", max_size=14), b=st.text("ab ", max_size=14))
@settings(max_examples=150, deadline=None)
def test_shared_pieces_are_in_both_texts_in_order(a, b):
    end_a = end_b = 0
    for each in shared_text(a, b):
        assert a[each.a : each.a + each.length] == b[each.b : each.b + each.length]
        assert each.a >= end_a
        assert each.b >= end_b
        end_a, end_b = each.a + each.length, each.b + each.length


def most_shared(a: list[str], b: list[str]) -> int:
    """Characters of the best common subsequence, by the textbook's recurrence."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            both = best[i][j] + len(one) if one == other else 0
            best[i + 1][j + 1] = max(both, best[i][j + 1], best[i + 1][j])
    return best[-1][-1]


@given(
    a=st.lists(st.sampled_from([" the", " a", " cat", " x"]), max_size=9),
    b=st.lists(st.sampled_from([" the", " a", " cat", " x"]), max_size=9),
)
@settings(max_examples=150, deadline=None)
def test_no_other_order_preserving_match_shares_more(a, b, monkeypatch_adjoining):
    found = shared_text("".join(a), "".join(b))
    assert sum(each.length for each in found) >= most_shared(a, b)


@pytest.fixture(scope="module")
def monkeypatch_adjoining():
    """Switch off the preference for neighbours, which may share a little less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "_ADJOINING", 0)
        yield


def test_long_texts_are_compared_in_a_second_or_two():
    words = [f"w{i * i % 977}" for i in range(6_000)]
    changed = [word if i % 20 else f"{word}x" for i, word in enumerate(words)]
    begun = time.perf_counter()
    found = shared_text(" ".join(words), " ".join(changed))
    assert time.perf_counter() - begun < 10
    assert len(found) >= 300


def test_texts_too_long_for_the_table_still_share_their_passages(monkeypatch):
    monkeypatch.setattr(diff, "_LARGEST", 10)
    assert pieces(*GARDEN) == ["The old", " man the boats while the young", " man the sails."]


@pytest.mark.parametrize(
    ("a", "b", "changed"),
    [("one two three", "one two three", (0, 0)), ("one two three", "one 2 three four", (1, 2))],
)
def test_changed_words_are_counted_on_either_side(a, b, changed):
    assert words_changed(a, b) == changed
