"""A calculator and a lookup that a text calls."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from backend.decoding.tools import Call, answered, calculate, call_at_end, look_up
from backend.errors import InputError


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("12 * 7", "84"), ("2+3*4", "14"), ("(2+3)*4", "20"), ("7-2-1", "4"), ("8/4/2", "1"),
        ("--3", "3"), ("-(2+3)", "-5"), ("2*-3", "-6"), ("1/3", "0.333333"), (".5 + 1.5", "2"),
        ("0.1+0.2", "0.3"), ("17 × 23", "391"), ("9 ÷ 3 − 1", "2"),
        ("9" * 30 + "+1", "1" + "0" * 30),
    ],
)  # fmt: skip
def test_arithmetic_has_its_usual_order(words, value):
    assert calculate(words) == value


def test_random_sums_of_products_agree_with_exact_fractions():
    draw = random.Random(0)
    for _ in range(200):
        terms = [[draw.randint(1, 99) for _ in range(draw.randint(1, 3))] for _ in range(4)]
        words = " + ".join(" * ".join(map(str, each)) for each in terms)
        assert Fraction(calculate(words)) == sum(math.prod(each) for each in terms)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "no arithmetic"), ("2 +", "no arithmetic"), ("(2", "no arithmetic"),
        ("2)", "no arithmetic"), ("2 3", "no arithmetic"), ("2**3", "no arithmetic"),
        ("__import__('os')", "no arithmetic"), ("1e9", "no arithmetic"), ("٣+1", "no arithmetic"),
        ("1/0", "division by 0"), ("1/(2-2)", "division by 0"), ("(" * 10_000, "100 characters"),
        ("(" * 100, "no arithmetic"),
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused_in_one_line(words, why):
    with pytest.raises(InputError, match=why) as refused:
        calculate(words)
    assert "\n" not in str(refused.value)


def test_a_call_stands_at_the_end_of_a_text():
    assert call_at_end("A: [calc: 12 * 7]") == Call("calc", "12 * 7")
    assert call_at_end("[calc: 1] [look: Peru ]") == Call("look", "Peru")
    for text in ("[calc: 1] and", "[calc: 1", "[calc:1]", "[run: rm]", "[calc: \n1]", ""):
        assert call_at_end(text) is None


def test_a_tool_says_in_one_line_what_it_cannot_do():
    facts = {"Peru": "Lima"}
    assert look_up(" PERU ", facts) == "Lima"
    assert answered(Call("look", "Peru"), facts) == "Lima"
    assert answered(Call("look", "Atlantis"), facts) == "error: not found."
    assert answered(Call("calc", "1/0"), facts) == "error: division by 0."
