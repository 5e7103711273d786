"""Two models: who writes, what both read, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.measures.switching import replay
from backend.models.cut import without_layers

ASKED = {"prompt": "a b c", "cut": "1", "thresholds": ("8", "8.5"), "longest": 8}


@pytest.fixture(scope="module")
def model(tiny_model):
    return tiny_model("llama")


@pytest.fixture(scope="module")
def run(model):
    return backend.study_two_models(model, window=2, least=2, **ASKED)


def _log_probs(model, ids):
    logits = model.unembed(model.hidden_states(torch.tensor([ids]))).double()
    return logits[0].log_softmax(-1)


def test_both_models_numbers_are_those_of_one_whole_reading(model, run):
    run.check()
    prompt = model.tokenizer.encode(ASKED["prompt"]).ids.tolist()
    for row, own in enumerate(run.token_ids):
        ids = own[own >= 0].tolist()
        large = _log_probs(model, prompt + ids)[len(prompt) - 1 : -1]
        with without_layers(model, [1]):
            small = _log_probs(model, prompt + ids)[len(prompt) - 1 : -1]
        kl = (large.exp() * (large - small)).sum(-1).numpy()
        entropies = [-(each.exp() * each).sum(-1).numpy() for each in (large, small)]
        count = len(ids)
        # Read token by token and at once: float32 kernels of other shapes.
        np.testing.assert_allclose(run.kl[row, :count], kl, atol=1e-4)
        np.testing.assert_allclose(run.large_entropy[row, :count], entropies[0], atol=1e-4)
        np.testing.assert_allclose(run.small_entropy[row, :count], entropies[1], atol=1e-4)
        writer = torch.from_numpy(run.writer[row, :count] > 0)[:, None]
        best = torch.where(writer, large, small).argmax(-1)
        assert best.tolist() == ids


def test_the_rule_on_the_entropy_that_was_seen_gives_the_writers(run):
    seen = number(run, "watched").values
    for row, bound in enumerate(run.bounds[1:-1].tolist(), start=1):
        count = int((run.token_ids[row] >= 0).sum())
        large = replay(torch.from_numpy(seen[row, :count]), bound, 2, 2)
        assert large.tolist() == (run.writer[row, :count] > 0).tolist()


def test_the_ends_are_one_model_alone(run):
    assert np.nanmin(run.writer[0]) == 1
    assert np.nanmax(run.writer[-1]) == 0
    assert number(run, "lost").values[0] == 0
    assert number(run, "cost").values[0] == 1
    assert number(run, "cost").values[-1] == pytest.approx(run.ratio)
    assert number(run, "same").values[0] == 1


def test_catching_up_costs_all_that_was_read_before_the_last_own_token(run):
    caught = number(run, "caught").values
    for row, own in enumerate(run.writer):
        large = own[~np.isnan(own)] > 0
        read = [
            max((place + 1 for place, each in enumerate(large) if each == which), default=0)
            for which in (True, False)
        ]
        assert caught[row] == pytest.approx((read[0] + read[1] * run.ratio) / len(large), abs=1e-6)


def test_equal_seeds_draw_equal_texts(model):
    asked = {**ASKED, "temperature": 1.0, "longest": 4}
    one, again, other = (
        backend.study_two_models(model, seed=seed, **asked).token_ids for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert not (one == other).all()


def test_a_stopped_study_has_the_steps_so_far(model):
    def stop(progress):
        if progress.done == 3:
            raise CancelledError

    with pytest.raises(CancelledError) as stopped:
        backend.study_two_models(model, report=stop, **ASKED)
    partial = stopped.value.partial_run
    partial.check()
    assert partial.stopped
    assert partial.token_ids.shape == (4, 3)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"prompt": "  "}, "empty"),
        ({"cut": "1-x"}, "no cut"),
        ({"thresholds": ("much",)}, "no threshold"),
        ({"thresholds": ("2", "2")}, "none twice"),
        ({"window": 0}, "window is 1 to 64"),
        ({"small": "a/b@"}, "names no model"),
    ],
)
def test_what_is_of_no_use_is_refused_in_one_line(model, wrong, words):
    with pytest.raises(InputError, match=words):
        backend.study_two_models(model, **{**ASKED, **wrong})


def test_models_with_different_tokenizers_are_refused_with_the_reason(model, tiny_model):
    from backend.studies.two_models import check_alike

    with pytest.raises(InputError, match="different tokenizers"):
        check_alike(model, tiny_model("gpt2"), 10)


def test_a_server_that_offers_no_other_model_refuses_a_named_one(model, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_ANY_MODEL", "false")
    from backend.settings import settings

    settings.cache_clear()
    try:
        with pytest.raises(InputError, match="does not offer"):
            backend.study_two_models(model, small="owner/name", **ASKED)
    finally:
        settings.cache_clear()


def test_a_prompt_with_more_bytes_than_the_settings_allow_is_refused(model, monkeypatch):
    allowed = SimpleNamespace(max_text_bytes=4)
    monkeypatch.setattr("backend.reading.encoding.settings", lambda: allowed)
    with pytest.raises(OverBudgetError, match="at most 4 are read"):
        backend.study_two_models(model, **ASKED)
