"""Questions in several forms, contexts that begin alike, and candidates to calibrate on."""

from __future__ import annotations

import numpy as np
import pytest

import backend
from backend.errors import InputError
from backend.measures.calibration_sets import ranking_terms
from backend.reading.behind_contexts import next_behind, score_behind
from backend.reading.continuations import behind, context_ids, score_continuations
from backend.runs.calibration_sets import STRATEGIES
from backend.runs.reliability import METRICS, filled
from tests.vectors.reading import doubles

ROWS = (
    "France; Paris; Rome; Oslo",
    'Italy,Rome,"Washington, D.C."',
    "Spain; Madrid; Rome",
    "Fiji; Suva; Rome; Oslo",
    "Peru; Lima; Rome; Oslo",
    "Cuba; Havana; Rome; Oslo",
)
FORMS = ("The capital of {} is", r"Q: capital of {typo}?\nA:")
SUMMARIES = ("the fox sleeps", "a dog barks at the fox", "the fox jumps", "no one comes", "fox")


@pytest.fixture(scope="module")
def run(tiny_model):
    return backend.study_reliability(tiny_model("llama"), rows=ROWS, forms=FORMS)


def test_every_option_is_scored_behind_its_own_form(run, tiny_model):
    run.check()
    model = tiny_model("llama")
    for form, written in enumerate(FORMS):
        for place, item in enumerate(run.request.items()):
            texts = [f" {each}" for each in item.options]
            scored = score_continuations(model, filled(written, item.subject), texts)
            expected = [each.total for each in scored]
            np.testing.assert_allclose(run.scores[form, place, : len(texts)], expected, atol=2e-4)
            assert np.isnan(run.scores[form, place, len(texts) :]).all()


def test_a_metric_lies_in_its_interval_and_none_is_made_up(run):
    accuracy = METRICS.index("accuracy")
    np.testing.assert_allclose(run.value[:, accuracy], run.correct.mean(1), atol=1e-6)
    assert (run.low[:, accuracy] < run.value[:, accuracy] + 1e-6).all()
    assert (run.high[:, accuracy] > run.value[:, accuracy] - 1e-6).all()
    assert np.isnan(run.value[:, METRICS.index("ECE at it, other half")]).all()
    assert np.isnan(run.low[:, METRICS.index("seconds an item")]).all()


def test_what_contexts_share_changes_no_score(tiny_model):
    model = tiny_model("llama")
    texts = ["The fox is", "The fox sees", "The", "A dog is"]
    contexts = [context_ids(model, each) for each in texts]
    option = behind(model, " quick and lazy")
    found = score_behind(model, [(each, option) for each in contexts])
    alone = [score_continuations(model, each, [" quick and lazy"])[0].total for each in texts]
    np.testing.assert_allclose(found, alone, atol=1e-4)
    first = behind(model, " quick")[:1]
    after = next_behind(model, contexts, first)[:, 0]
    single = [next_behind(model, [each], first)[0, 0] for each in contexts]
    np.testing.assert_allclose(after, single, atol=1e-4)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rows": ()}, "0 questions"),
        ({"rows": ROWS[:1]}, "1 questions"),
        ({"rows": ("a; b; c",) * 200_000}, "200,000 questions"),
        ({"rows": ("x" * 10_000_000, ROWS[0])}, "characters"),
        ({"rows": ("France; Paris", ROWS[0])}, "no question"),
        ({"rows": ("France; Paris; Paris", ROWS[0])}, "same answer twice"),
        ({"rows": ("", ROWS[0])}, "no question"),
        ({"forms": ()}, "0 forms"),
        ({"forms": ("no blank",)}, "no form"),
        ({"forms": ("{} and {lower}",)}, "no form"),
        ({"forms": ("{}",) * 6}, "6 forms"),
        ({"rows": ROWS[:4], "letters": "Capital of {}?"}, "6 items"),
    ],
)
def test_what_is_no_table_of_questions_is_refused_in_one_line(asked, words, tiny_model):
    with pytest.raises(InputError, match=words) as refused:
        backend.study_reliability(tiny_model("llama"), **{"rows": ROWS, "forms": FORMS, **asked})
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def sets(model, **asked):
    fields = {"document": "the fox jumps over a dog", "reference": "the fox jumps"}
    given = {"candidates": SUMMARIES, "size": 2, "form": "as plain text"}
    return backend.study_calibration_sets(model, **{**fields, **given, **asked})


def test_sets_are_chosen_from_candidates_of_ones_own(tiny_model):
    found = sets(tiny_model("llama"))
    found.check()
    assert found.texts == list(SUMMARIES)
    assert found.quality[2] == 1
    assert found.member[STRATEGIES.index("best")].argmax() in (0, 2)
    assert (found.member.sum(1) == 2).all()
    np.testing.assert_allclose(found.pull.sum(1), 0, atol=1e-6)
    best = np.flatnonzero(found.member[0])
    ranked = best[np.argsort(-found.quality[best], kind="stable")]
    scores = doubles(found.likelihood[ranked].tolist())
    np.testing.assert_allclose(found.terms[0], ranking_terms(scores, 0.1).tolist(), atol=1e-5)


def test_a_model_writes_its_candidates(tiny_model):
    found = sets(tiny_model("llama"), candidates=(), count=6, longest=5, temperature=1.0)
    found.check()
    assert 4 <= len(found.texts) <= 6
    assert (found.length >= 1).all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"document": " "}, "empty"),
        ({"reference": ""}, "empty"),
        ({"candidates": SUMMARIES[:1]}, "1 candidates"),
        ({"candidates": (*SUMMARIES, " ")}, "empty"),
        ({"size": 3}, "even number"),
        ({"size": 8}, "even number"),
        ({"candidates": tuple(f"fox {i}" for i in range(16)), "size": 8}, "12,870 sets"),
        ({"document": "x" * 10_000_000}, "characters"),
    ],
)
def test_what_is_no_pool_is_refused_in_one_line(asked, words, tiny_model):
    with pytest.raises(InputError, match=words) as refused:
        sets(tiny_model("llama"), **asked)
    assert "\n" not in str(refused.value)


def test_a_model_without_a_chat_template_is_asked_as_plain_text_only(tiny_model, monkeypatch):
    model = tiny_model("llama")
    monkeypatch.setattr(model.tokenizer, "has_chat_template", False)
    with pytest.raises(InputError, match="no chat template"):
        sets(model, form="as a chat message")
    assert len(sets(model).texts) == len(SUMMARIES)
