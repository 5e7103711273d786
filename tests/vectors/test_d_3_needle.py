"""Haystacks, replies, what finding is worth, limits and attention: every case of the block."""

from __future__ import annotations

import hashlib
import itertools
from math import log
from types import SimpleNamespace

import pytest

from backend.derived import threads
from backend.measures import needles
from tests.vectors.reading import block, cases, doubles

BLOCK = block("d", "3_needle")
WITHIN = BLOCK["tolerance"]
SINGLE = 2**-22
"""Numbers of a run are float32."""
KEYS = ("task", "mode", "surprisal_nats", "threshold", "row")


def _with(key):
    return cases([each for each in BLOCK["cases"] if key in each])


def test_every_case_is_tried():
    assert all(sum(key in each for key in KEYS) == 1 for each in BLOCK["cases"])


@pytest.mark.parametrize("case", _with("task"))
def test_every_haystack(case):
    plain = needles.pairs_of(case["seed"], case["n"])
    if case["task"] == "single":
        pairs, place = plain, needles.index_at(case["depth"], case["n"])
        assert place == case["index"]
        assert pairs[place] == (case["key"], case["answer"])
        assert len(needles.haystack(pairs)) == case["haystack_chars"]
    elif case["task"] == "conditional":
        pairs = needles.marked(plain, case["indices"], case["character"])
        assert [pairs[each] for each in case["indices"]] == list(
            zip(case["keys"], case["answers"], strict=True)
        )
    elif case["task"] == "thread":
        pairs, places = needles.threaded(plain, case["positions"]), case["positions"]
        assert (pairs[places[0]][0], pairs[places[-1]][1]) == (case["start"], case["answer"])
        assert len(places) == case["steps"]
        for here, after in itertools.pairwise(places):
            assert pairs[here][1] == pairs[after][0]
    else:
        pairs, levels = needles.branched(plain, case["levels"]), case["levels"]
        assert {pairs[each][0] for each in levels[0]} == {case["start"]}
        assert [pairs[each[0]][0] for each in levels[1:]] == case["branch_keys"]
        assert [pairs[each][1] for each in levels[-1]] == case["answers"]
    written = needles.haystack(pairs).encode()
    assert hashlib.sha256(written).hexdigest() == case["haystack_sha256"]


@pytest.mark.parametrize("case", _with("mode"))
def test_every_reply(case):
    if case["mode"] == "set":
        recall, precision = needles.set_scores(case["reply"], case["gold"])
        assert (recall, precision) == (case["recall"], case["precision"])
        assert (recall == precision == 1) is case["all_correct"]
    else:
        beginning = case["mode"] == "prefix"
        assert needles.is_right(case["reply"], case["gold"], beginning=beginning) is case["correct"]


@pytest.mark.parametrize("case", _with("surprisal_nats"))
def test_every_answer(case):
    run = SimpleNamespace(surprisal=doubles(case["surprisal_nats"])[None].numpy())
    cost = float(threads.cost(run)[0]) / log(2)
    retrieved = case["chance_bits"] - cost
    assert cost == pytest.approx(case["answer_bits"], rel=SINGLE)
    assert retrieved == pytest.approx(case["retrieved_bits"], rel=SINGLE)
    assert retrieved / case["chance_bits"] == pytest.approx(case["retrieved_share"], rel=SINGLE)
    found = float(threads.locating(run)[0])
    assert found == pytest.approx(case["locating_share"], rel=SINGLE)


@pytest.mark.parametrize("case", _with("threshold"))
def test_every_limit(case):
    found = threads.effective_limit(case["lengths"], case["accuracy"], case["threshold"])
    assert found == case["effective_limit"]


@pytest.mark.parametrize("case", _with("row"))
def test_every_row_of_attention(case):
    start, end = case["span"]
    found = needles.attended(doubles(case["row"]), (start, end))
    assert (end - start) / len(case["row"]) == pytest.approx(case["uniform"], abs=WITHIN)
    for name, value in (
        ("mass", found.mass), ("lift", found.lift), ("H_row", found.entropy),
        ("H_inside", found.inside),
    ):  # fmt: skip
        assert float(value) == pytest.approx(case[name], abs=WITHIN), name
