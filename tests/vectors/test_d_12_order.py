"""Many orders of options: by letter, by content, what the order tells, and what it costs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.derived import orders as measure
from tests.vectors.reading import block, cases

BLOCK = block("d", "12_order")
WITHIN = BLOCK["tolerance"]


def _with(*keys):
    return cases([each for each in BLOCK["cases"] if all(key in each for key in keys)])


def test_every_case_is_tried():
    keys = ("letter_probs", "tokens_naive", "bits")
    assert all(any(key in each for key in keys) for each in BLOCK["cases"])


@pytest.mark.parametrize("case", _with("letter_probs"))
def test_every_matrix(case):
    letters, orders = np.array(case["letter_probs"]), np.array(case["perms"])
    contents, count = measure.by_content(letters, orders), letters.shape[1]
    chosen = letters.argmax(1)
    chosen_contents = orders[np.arange(len(orders)), chosen]
    bits = math.log(2)
    found = {
        "mean_by_letter": letters.mean(0),
        "mean_by_content": contents.mean(0),
        "H_letter": measure.entropy(letters.mean(0)),
        "H_content": measure.entropy(contents.mean(0)),
        "mean_H": measure.entropy(letters).mean(),
        "order_information": measure.order_information(contents),
        "choice_letter": chosen,
        "choice_content": chosen_contents,
        "H_choice_content_bits": measure.choice_entropy(chosen_contents, count) / bits,
        "H_choice_letter_bits": measure.choice_entropy(chosen, count) / bits,
        "flip_rate": measure.flip_rate(chosen_contents, count),
        "geometric_mean_letter": measure.geometric_mean(letters),
        "geometric_mean_content": measure.geometric_mean(contents),
    }
    usual = int(measure.shares(chosen_contents, count).argmax())
    found["worst_p_of_majority"] = contents[:, usual].min()
    found["best_p_of_majority"] = contents[:, usual].max()
    assert found.keys() == case.keys() - {"name", "letter_probs", "perms"}
    for name, value in found.items():
        assert np.asarray(value).tolist() == pytest.approx(case[name], abs=1e-8), name


@pytest.mark.parametrize("case", _with("tokens_naive"))
def test_every_cost(case):
    options = [each + case["letter_tokens"] for each in case["option_tokens"]]
    orders = measure.orders_of(case["m"])
    if case["orderings"] < len(orders):
        first = tuple(range(case["m"]))
        orders = [first[place:] + first[:place] for place in range(case["orderings"])]
    for how, name in (
        ("apart", "tokens_naive"), ("shared", "tokens_prefix_shared"), ("tree", "tokens_trie"),
    ):  # fmt: skip
        if case[name] is not None:
            found = measure.tokens_read(case["prefix"], options, case["suffix"], orders, how)
            assert found == case[name]


def test_more_than_four_options_have_their_rotations_first_and_no_order_twice():
    orders = measure.orders_of(6, seed=3)
    assert len(orders) == len(set(orders)) == measure.MOST
    assert [each[0] for each in orders[:6]] == list(range(6))
    assert orders == measure.orders_of(6, seed=3) != measure.orders_of(6, seed=4)
