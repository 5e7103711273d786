"""Sets: the order of options makes exactly no difference, both edits are needed, and refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import backend
from backend.errors import InputError, NotDefinedError
from backend.reading.sets import SetPrompt, check_sets, read_sets
from backend.studies.sets import from_set

ASKED = {"question": "Which?", "options": ("sea", "dog by the", "fox")}
PROMPT = SetPrompt([5, 9, 30], [[41, 12], [77], [8, 50, 33]], [64, 7])
ANSWERS = [[20, 21], [7], [33, 40, 2]]


def orders():
    for order in itertools.permutations(PROMPT.options):
        yield SetPrompt(PROMPT.prefix, list(order), PROMPT.suffix)


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen3", "gemma3"])
def test_every_order_of_a_set_gives_exactly_the_same_numbers(family, tiny_model):
    model = tiny_model(family)
    check_sets(model, PROMPT)
    found = [from_set(model, each, ANSWERS) for each in orders()]
    assert np.ptp(np.stack(found), axis=0).max() == 0


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen3", "gemma3"])
def test_stored_in_other_orders_only_rounding_is_left_and_either_edit_alone_is_not_enough(
    family, tiny_model
):
    model = tiny_model(family)
    spread = {}
    for mask, positions in itertools.product((False, True), repeat=2):
        hidden = read_sets(model, list(orders()), mask=mask, positions=positions)[:, -1]
        logprobs = model.unembed(hidden).double().log_softmax(-1)
        spread[mask, positions] = float((logprobs.amax(0) - logprobs.amin(0)).max())
    assert spread[True, True] < 1e-4  # sums of float32 in another order
    assert min(spread[each] for each in spread if not all(each)) > 100 * spread[True, True]


def test_behind_a_set_is_what_a_float64_pass_with_its_mask_gives(tiny_model):
    model, known = tiny_model("llama"), PROMPT.sorted()
    found = from_set(model, PROMPT, ANSWERS)
    for answer, own in zip(ANSWERS, found, strict=True):
        longer = SetPrompt(known.prefix, known.options, [*known.suffix, *answer])
        hidden = read_sets(model, [longer])
        logprobs = model.unembed(hidden)[0].double().log_softmax(-1)[-len(answer) - 1 : -1]
        wanted = logprobs.gather(1, torch.tensor(answer)[:, None]).sum()
        assert own == pytest.approx(float(wanted), abs=1e-4)


def test_a_run_has_no_spread_for_the_set_and_one_for_lists(tiny_model):
    run = backend.study_sets(tiny_model("qwen3"), **ASKED, answer="fox")
    assert np.ptp(run.in_set, axis=0).max() == 0
    assert np.ptp(run.listed, axis=0).min() > 0
    assert run.spread[3] < 1e-4 < run.spread[:3].min()


@pytest.mark.parametrize("family", ["bloom", "mamba"])
def test_families_whose_attention_takes_no_such_mask_are_refused_with_the_reason(
    family, tiny_model, rare_model
):
    model = (tiny_model if family == "bloom" else rare_model)(family)
    with pytest.raises(NotDefinedError, match="counts the places of tokens by itself") as refusal:
        backend.study_sets(model, **ASKED)
    assert "\n" not in str(refusal.value)


def test_a_prompt_longer_than_a_window_of_attention_is_refused(tiny_model):
    with pytest.raises(NotDefinedError, match="looks back over 16 tokens"):
        backend.study_sets(tiny_model("gemma3"), **{**ASKED, "question": "Which one? " * 9})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"question": ""}, "no question"),
        ({"options": ()}, "0 options"),
        ({"options": ("a", "a")}, "'a' is there twice"),
        ({"options": ("New", "New York")}, "'New' is the beginning of 'New York'"),
        ({"answer": "cat"}, "'cat' is none of the options"),
    ],
)
def test_options_that_are_no_set_are_refused_in_one_line(given, said, tiny_model):
    with pytest.raises(InputError, match=said) as refusal:
        backend.study_sets(tiny_model("qwen3"), **{**ASKED, **given})
    assert "\n" not in str(refusal.value)
