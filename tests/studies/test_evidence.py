"""Evidence from prompts and by hand, and alloys: what is fused, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import backend
from backend.errors import InputError
from backend.reading.continuations import score_continuations
from backend.runs.evidence import TRUSTS

PROMPTS = ("The fox is", r"Q: What is the fox?\nA:")
OPTIONS = ("quick", "brown and lazy", "a dog")


def test_options_are_scored_behind_every_prompt(tiny_model):
    model = tiny_model("llama")
    run = backend.study_evidence(model, prompts=PROMPTS, options=OPTIONS)
    run.check()
    for place, prompt in enumerate(PROMPTS):
        texts = [f" {each}" for each in OPTIONS]
        scored = score_continuations(model, prompt.replace(r"\n", "\n"), texts)
        totals = np.array([each.total for each in scored])
        expected = np.exp(totals - np.logaddexp.reduce(totals))
        np.testing.assert_allclose(run.probabilities[place], expected, atol=1e-5)


def test_full_trust_in_probabilities_multiplies_them(tiny_model):
    run = backend.study_evidence(tiny_model("llama"), prompts=PROMPTS, options=OPTIONS)
    product = run.probabilities.astype(np.float64).prod(0)
    at = TRUSTS.index(1.0)
    np.testing.assert_allclose(run.belief[0, at], product / product.sum(), atol=1e-5)
    np.testing.assert_allclose(run.plausibility[0, at], run.belief[0, at], atol=1e-6)


def test_a_source_by_hand_leaves_open_what_it_does_not_place(tiny_model):
    hand = ("witness: quick 0.5; quick|a dog 0.3",)
    run = backend.study_evidence(
        tiny_model("llama"),
        prompts=PROMPTS[:1],
        options=OPTIONS,
        masses=hand,
        trusts=("0.5", "0.8"),
    )
    expected = np.zeros(7, np.float32)
    expected[[0, 4, 6]] = 0.4, 0.24, 0.36
    np.testing.assert_allclose(run.sources[1], expected, atol=1e-6)
    assert run.sources[0, -1] == pytest.approx(0.5)
    assert run.request.source_name(1) == "witness"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"options": ()}, "0 options"),
        ({"options": ("one",)}, "1 options"),
        ({"options": tuple("abcdefg")}, "7 options"),
        ({"options": ("fox", " fox")}, "same"),
        ({"options": OPTIONS, "prompts": ("only",)}, "1 sources"),
        ({"options": OPTIONS, "prompts": ("one", " ")}, "empty"),
        ({"options": OPTIONS, "prompts": ("x" * 10_000_000, "y")}, "characters"),
        ({"options": OPTIONS, "trusts": ("0.5",)}, "1 of 2 sources"),
        ({"options": OPTIONS, "trusts": ("0.5", "much")}, "no trust"),
        ({"options": OPTIONS, "masses": ("witness: cat 0.5",)}, "no option"),
        ({"options": OPTIONS, "masses": ("witness: quick 0.8; a dog 0.3",)}, "no source"),
        ({"options": OPTIONS, "masses": ("quick 0.8",)}, "no source"),
    ],
)
def test_what_is_no_evidence_is_refused_in_one_line(asked, words, tiny_model):
    with pytest.raises(InputError, match=words) as refused:
        backend.study_evidence(tiny_model("llama"), **{"prompts": PROMPTS, **asked})
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("rows", "words"),
    [((), "0 alloys"), (("Co Xx",), "no alloy"), (("Co 0",), "no alloy"), (("",), "no alloy"),
     (("co",), "no alloy"), (("Co" * 9_000_000,), "no alloy"), (("Co",) * 41, "41 alloys")],
)  # fmt: skip
def test_what_is_no_alloy_is_refused_in_one_line(rows, words):
    with pytest.raises(InputError, match=words) as refused:
        backend.study_alloys(None, alloys=rows)
    assert "\n" not in str(refused.value)


def test_parts_behind_elements_are_shares_of_their_sum():
    run = backend.study_alloys(None, alloys=("Al0.5CoCrFeNi", "Ni"))
    assert run.parts[0].sum() == pytest.approx(1)
    assert run.parts[0, 0] == pytest.approx(0.5 / 4.5)
    assert run.entropy[1] == 0
    assert np.isnan(run.omega[1])
