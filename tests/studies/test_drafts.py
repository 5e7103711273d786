"""Drafts: exact samples, whose draft was kept, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

import backend
from backend.derived import number
from backend.derived.drafts import along
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.measures.speculative import soft_test_output
from backend.runs.drafts import EXTRA, KEPT, LENSES, REPLACED, DraftsRequest
from backend.settings import settings
from backend.studies import linear_lens
from backend.studies.drafts import Writing, as_read

ASKED = {"prompt": "a b c", "exits": "1 2", "thresholds": ("0", "2", "100"), "longest": 8}
ROWS = 3000


@pytest.fixture(scope="module")
def model(tiny_model, tmp_path_factory):
    """A tiny model, its lens fitted into a folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        settings.cache_clear()
        yield tiny_model("llama")
    settings.cache_clear()


@pytest.fixture(scope="module")
def run(model):
    return backend.study_drafts(model, drafted=2, **ASKED)


def _writing(model, bounds, **asked):
    request = DraftsRequest(**{**ASKED, "drafted": 2, **asked})
    writing = Writing(
        model, linear_lens.fit_lens(model), request, request.depths(3), torch.tensor(bounds)
    )
    writing.read(torch.from_numpy(model.tokenizer.encode(ASKED["prompt"]).ids).long())
    return writing


def _end(model, ids):
    """Return p of what follows, float64, by one reading of all."""
    return model.unembed(model.hidden_states(torch.tensor([ids]))).double()[0, -1].softmax(-1)


def _fit(counts, expected):
    """Return the p-value of counts, with rare tokens taken together."""
    common = expected * counts.sum() >= 5
    seen = np.append(counts[common], counts[~common].sum())
    wanted = np.append(expected[common], expected[~common].sum()) * counts.sum()
    return chisquare(seen, wanted * seen.sum() / wanted.sum()).pvalue


def test_what_is_written_is_distributed_as_the_whole_model(model):
    writing = _writing(model, [0.0, 0.0028, 1.0] * (ROWS // 3), longest=2)
    writing.step()
    writing.step()
    assert {*np.unique(writing.arrays["exit"])} >= {0, 1}
    first, second = writing.arrays["token_ids"].T
    prompt = model.tokenizer.encode(ASKED["prompt"]).ids.tolist()
    p = _end(model, prompt).numpy()
    assert _fit(np.bincount(first, minlength=len(p)), p) > 1e-3
    # Of the second, over all first ones: what follows each, as often as it came.
    came, often = np.unique(first, return_counts=True)
    after = model.unembed(
        model.hidden_states(torch.tensor([[*prompt, each] for each in came.tolist()]))
    )[:, -1].double().softmax(-1).numpy()  # fmt: skip
    open_rows = second >= 0
    mixed = (after * (often / often.sum())[:, None]).sum(0)
    assert open_rows.mean() > 0.9
    assert _fit(np.bincount(second[open_rows], minlength=len(p)), mixed) > 1e-3


def test_a_draft_that_is_tested_wrongly_is_noticed_by_as_many_draws(model):
    prompt = model.tokenizer.encode(ASKED["prompt"]).ids.tolist()
    held = {}
    with _states(model, held):
        p = _end(model, prompt)
    read = as_read(model, linear_lens.fit_lens(model), 1, held[1][:, -1], LENSES[0])
    q = model.unembed(read)[0].double().softmax(-1)
    generator = torch.Generator().manual_seed(1)
    drawn = torch.multinomial(soft_test_output(p, q), ROWS, True, generator=generator)
    assert _fit(np.bincount(drawn.numpy(), minlength=len(p)), p.numpy()) < 1e-3


def test_exits_numbers_are_those_of_one_whole_reading(model, run):
    run.check()
    prompt = model.tokenizer.encode(ASKED["prompt"]).ids.tolist()
    maps = linear_lens.fit_lens(model)
    for row, own in enumerate(run.token_ids):
        ids = own[own >= 0].tolist()
        at = slice(len(prompt) - 1, len(prompt) + len(ids) - 1)
        held = {}
        whole = torch.tensor([prompt + ids])
        with _states(model, held):
            p = model.unembed(model.hidden_states(whole)).double().softmax(-1)[0, at]
        for reader in LENSES:
            of_reader = dict(zip(("entropy", "alpha"), run.read_by(reader), strict=True))
            for place, depth in enumerate(run.exits.tolist()):
                read = as_read(model, maps, depth, held[depth][0], reader)
                q = model.unembed(read).double().softmax(-1)[at]
                entropy = -(q * q.log()).sum(-1)
                # Read token by token and at once: float32 kernels of other shapes.
                for name, values in (("alpha", torch.minimum(p, q).sum(-1)), ("entropy", entropy)):
                    found = of_reader[name][row, place, : len(ids)]
                    np.testing.assert_allclose(found, values.numpy(), atol=1e-4)


def _states(model, held):
    from contextlib import ExitStack

    stack = ExitStack()
    for depth, layer in enumerate(model.layers, 1):

        def keep(_, __, output, depth=depth):
            held[depth] = output if isinstance(output, torch.Tensor) else output[0]

        stack.callback(layer.register_forward_hook(keep).remove)
    return stack


def test_thresholds_say_which_exit_drafts(run):
    drafted = run.outcome != EXTRA
    assert (run.exit[0][drafted[0] & (run.outcome[0] >= 0)] == 0).all()
    assert (run.exit[-1][drafted[-1] & (run.outcome[-1] >= 0)] == 1).all()


def test_a_pass_ends_with_a_rejection_or_a_token_for_free(run):
    for outcome, exit, draft in zip(run.outcome, run.exit, run.draft_ids, strict=True):
        kept = 0
        for what, by, drafted in zip(outcome, exit, draft, strict=True):
            if what < 0:
                continue
            assert (what == EXTRA) == (kept == 2)
            assert (by < 0) == (drafted < 0) == (what == EXTRA)
            kept = kept + 1 if what == KEPT else 0


def test_a_kept_draft_is_the_token_and_a_replaced_one_is_not(run):
    same = run.draft_ids == run.token_ids
    assert same[run.outcome == KEPT].all()
    assert not same[run.outcome == REPLACED].any()


def test_at_temperature_0_every_text_is_the_whole_models_own(model):
    run = backend.study_drafts(model, **{**ASKED, "temperature": 0.0})
    ids = model.tokenizer.encode(ASKED["prompt"]).ids.tolist()
    for step in range(run.token_ids.shape[1]):
        best = int(_end(model, ids).argmax())
        assert (run.token_ids[:, step] == best).all()
        ids.append(best)


def test_numbers_of_a_text_follow_from_what_was_kept(run):
    # Two kept, one extra, one replaced, then two kept of a pass that has not ended.
    outcome = np.array([[KEPT, KEPT, EXTRA, REPLACED, KEPT, KEPT, -1, -1]], np.int32)
    exit = np.array([[0, 1, -1, 0, 0, 0, -1, -1]], np.int32)
    arrays = {name: values[:1].copy() for name, values in run.arrays().items()}
    arrays |= {"outcome": outcome, "exit": exit, "exits": run.exits}
    arrays["exit_seconds"] = np.array([2, 4], np.float32)
    made = replace(run, full_seconds=10.0, check_seconds=15.0, head_seconds=1.0, **arrays)
    assert number(made, "kept").values == pytest.approx([4 / 5])
    assert number(made, "pace").values == pytest.approx([4 / 2])
    assert number(made, "depth").values == pytest.approx([(1 + 2 + 1 + 1 + 1) / 5])
    draft = (3 + 6 + 3 + 3 + 3) / 5
    assert number(made, "speed").values == pytest.approx([2 * 10 / (2 * draft + 15)])


def test_tokens_a_pass_of_one_chance_are_the_same_along_the_text(run):
    made = replace(run, alpha=np.full_like(run.alpha, 0.5))
    seen, alike = along(made, LENSES[0], 0, 3)
    assert seen == pytest.approx(1.875)
    assert alike == pytest.approx(1.875)


def test_drafts_of_the_shipped_run_are_kept_as_often_as_they_should():
    run = backend.load_run("examples/drafts_fox.safetensors")
    drafted = run.exit >= 0
    alpha = number(run, "draft_alpha").values[drafted].astype(np.float64)
    kept = (run.outcome[drafted] == KEPT).sum()
    # Three standard deviations of as many coins.
    assert abs(kept - alpha.sum()) < 3 * np.sqrt((alpha * (1 - alpha)).sum())


def test_no_threshold_of_the_shipped_run_saves_time():
    run = backend.load_run("examples/drafts_fox.safetensors")
    assert 0 < float(number(run, "best").values) < 1


def test_equal_seeds_draw_equal_texts(model):
    asked = {**ASKED, "longest": 4}
    one, again, other = (
        backend.study_drafts(model, seed=seed, **asked).token_ids for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert not (one == other).all()


def test_a_stopped_study_has_the_steps_so_far(model):
    def stop(progress):
        if progress.done == 3 and "Token" in progress.message:
            raise CancelledError

    with pytest.raises(CancelledError) as stopped:
        backend.study_drafts(model, report=stop, **ASKED)
    partial = stopped.value.partial_run
    partial.check()
    assert partial.stopped
    assert partial.token_ids.shape == (3, 3)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"prompt": "  "}, "empty"),
        ({"exits": "2 1"}, "no exits"),
        ({"exits": "3"}, "from 1 to 2"),
        ({"exits": "much"}, "no exits"),
        ({"thresholds": ("101",)}, "no threshold"),
        ({"thresholds": ("5", "5")}, "none twice"),
        ({"drafted": 0}, "drafted is 1 to 16"),
    ],
)
def test_what_is_of_no_use_is_refused_in_one_line(model, wrong, words):
    with pytest.raises(InputError, match=words):
        backend.study_drafts(model, **{**ASKED, **wrong})


def test_a_text_longer_than_the_model_reads_is_refused(model):
    with pytest.raises(OverBudgetError, match="reads"):
        backend.study_drafts(model, **{**ASKED, "prompt": "a b c " * 2000})
