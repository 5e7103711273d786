"""Marking conflicts: what a claim is made of, and the label of two."""

from __future__ import annotations

import pytest

from backend.measures.conflicts import Claim, label, marked, nearest, overlap, sentences
from tests.vectors.reading import block, cases

BLOCK = block("d", "8_conflicts")
WITHIN = max(BLOCK["tolerance"], 1e-10)  # overlaps are written with ten digits


@pytest.mark.parametrize("case", cases(BLOCK["cases"]))
def test_every_case(case):
    claims = Claim(case["a"]), Claim(case["b"])
    for claim, expected in zip(claims, (case["features_a"], case["features_b"]), strict=True):
        assert sorted(claim.of("number")) == sorted(expected["numbers"])
        assert sorted(claim.of("name")) == sorted(expected["names"])
        assert sorted(claim.content) == sorted(expected["content"])
        assert claim.negated == expected["negated"]
    assert overlap(*claims) == pytest.approx(case["overlap"], abs=WITHIN)
    assert label(*claims) == case["label"]
    assert label(*reversed(claims)) == case["label"]


def test_numbers_are_equal_with_and_without_their_commas():
    assert label(Claim("It cost 1,500 dollars."), Claim("It cost 1500 dollars.")) == "same"
    assert Claim("It cost 1,500.25 dollars.").of("number") == {"1500.25"}


def test_what_is_marked_is_what_the_label_speaks_of():
    one, other = Claim("The tower is 324 metres high."), Claim("The tower is 300 metres high.")
    assert [one.text[start:end] for start, end in marked(one, other)] == ["324"]
    extra = Claim("The ship sank near ice in 1912.")
    plain = Claim("The ship sank in 1912.")
    assert [extra.text[start:end] for start, end in marked(extra, plain)] == ["near", "ice"]
    assert marked(plain, extra) == []


def test_an_isnt_negates():
    assert label(Claim("Paris isn't the capital."), Claim("Paris is the capital.")) == "negation"


def test_a_text_falls_into_its_sentences():
    text = " One is 3.5 high.  Two?\n1. Three \n\n ... "
    assert [text[start:end] for start, end in sentences(text)] == [
        "One is 3.5 high.",
        "Two?",
        "1. Three",
    ]


def test_the_nearest_claim_is_the_first_of_equals():
    others = [Claim("Bread is good."), Claim("The cat sat."), Claim("A cat sat.")]
    assert nearest(Claim("The cat sat down."), others) == (1, 1.0)
    assert nearest(Claim("The cat."), []) == (-1, 0.0)
