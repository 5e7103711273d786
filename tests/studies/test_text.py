"""The text study: every token of a text, every family of models, any length."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import backend
from backend.errors import CancelledError, InputError, ModelError, OverBudgetError
from backend.models.language import LanguageModel
from backend.runs import TextRequest, TextRun
from backend.studies import STUDIES, Progress
from backend.taps import logits as logits_module
from tests.tiny_models import CONTEXT, FAMILIES

TEXT = "The quick brown fox läuft über 12345 stones.\n\tdef add(a, b): return a 🙂"
# Promised in docs/measures.md for float32.
TOLERANCE = 1e-4
NUMBERS = ("entropy", "varentropy", "surprisal", "rank")


def logits_of(model: LanguageModel, run: TextRun) -> torch.Tensor:
    """What the model itself says, by its own forward: row i predicted token i + 1; float64."""
    ids = torch.from_numpy(run.token_ids).long()[None]
    with torch.inference_mode():
        return model.torch_model(ids).logits[0, :-1].double()


@pytest.mark.parametrize("family", FAMILIES)
def test_equals_the_definitions_on_the_models_own_logits(tiny_model, family):
    model = tiny_model(family)
    run = backend.study_text(model, TEXT)
    log_p = torch.log_softmax(logits_of(model, run), -1)
    p, chosen = log_p.exp(), torch.from_numpy(run.token_ids[1:]).long()[:, None]
    entropy = -(p * log_p).sum(-1)
    surprisal = -log_p.gather(1, chosen)[:, 0]
    np.testing.assert_allclose(run.entropy[1:], entropy, atol=TOLERANCE)
    varentropy = (p * (log_p + entropy[:, None]) ** 2).sum(-1)
    np.testing.assert_allclose(run.varentropy[1:], varentropy, atol=TOLERANCE)
    np.testing.assert_allclose(run.surprisal[1:], surprisal, atol=TOLERANCE)
    # The head in blocks may round the last bit differently, so only clear differences count.
    lowest = 1 + (-log_p < surprisal[:, None] - 1e-5).sum(-1)
    highest = (-log_p <= surprisal[:, None] + 1e-5).sum(-1)
    assert (run.rank[1:] >= lowest.numpy()).all()
    assert (run.rank[1:] <= highest.numpy()).all()
    np.testing.assert_allclose(run.top_logprobs[1:], log_p.topk(10).values, atol=TOLERANCE)


def test_the_first_token_has_no_prediction(tiny_model):
    run = backend.study_text(tiny_model("llama"), TEXT, curve=True)
    assert all(np.isnan(getattr(run, name)[0]) for name in NUMBERS)
    assert (run.top_ids[0] == -1).all()
    assert np.isnan(run.top_logprobs[0]).all()
    assert (run.curve_counts[0] == -1).all()
    assert all(np.isfinite(getattr(run, name)[1:]).all() for name in NUMBERS)


def test_a_text_of_one_token_has_no_prediction_at_all(tiny_model):
    run = backend.study_text(tiny_model("gpt2"), "a")
    assert len(run) == 1
    assert np.isnan(run.entropy).all()
    run.check()


def test_with_a_beginning_token_the_first_token_of_the_text_is_scored(tiny_model):
    run = backend.study_text(tiny_model("llama"), "a", add_bos=True)
    assert run.special[0]
    assert run.text == run.tokens[0] + "a"
    assert np.isfinite(run.entropy[1:]).all()


def test_look_alikes_of_control_tokens_are_text_unless_asked_otherwise(tiny_model):
    model = tiny_model("gpt2")
    as_text = backend.study_text(model, "a<|eos|>b")
    as_special = backend.study_text(model, "a<|eos|>b", special_tokens="special")
    assert not as_text.special.any()
    assert as_special.special.sum() == 1
    assert len(as_special) < len(as_text)


def test_a_chat_is_read_in_the_template_and_remembers_what_was_typed(tiny_model):
    run = backend.study_text(tiny_model("gpt2"), "a<|eos|>b", chat=True)
    assert run.request.text == "a<|eos|>b"
    assert run.text == "<|bos|>user\na<|eos|>b<|eos|>\n<|bos|>assistant\n"
    assert run.special.sum() == 3


def test_runs_are_whole_and_can_be_saved(tiny_model, tmp_path):
    run = backend.study_text(tiny_model("qwen3"), TEXT, curve=True)
    run.check()
    again = backend.load_run(run.save(tmp_path / "run.safetensors"))
    for name, array in run.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array, strict=True)
    assert again.request == run.request
    assert again.model == run.model


def test_the_run_names_what_computed_it(tiny_model):
    run = backend.study_text(tiny_model("gpt2"), "ab")
    assert {"entroscope", "torch", "transformers", "numpy", "python"} <= set(run.versions)
    assert run.created.endswith("+00:00")
    assert run.seconds > 0


def test_the_vocabulary_shows_every_top_token(tiny_model):
    model = tiny_model("gpt2")
    run = backend.study_text(model, TEXT, top_k=3)
    assert set(run.vocabulary) == {str(each) for each in np.unique(run.top_ids[1:])}
    assert all(run.vocabulary[str(each)] == model.tokenizer.token_text(each)
               for each in run.top_ids[5])  # fmt: skip


def test_equal_requests_give_equal_runs(tiny_model):
    first, second = (backend.study_text(tiny_model("gemma3"), TEXT) for _ in range(2))
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], array)


def test_block_size_does_not_show(tiny_model, monkeypatch):
    model = tiny_model("granite")
    whole = backend.study_text(model, TEXT, curve=True)
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", 3 * 4 * model.facts.vocab_size)
    blocks = backend.study_text(model, TEXT, curve=True)
    np.testing.assert_allclose(blocks.entropy, whole.entropy, atol=1e-5)
    np.testing.assert_allclose(blocks.surprisal, whole.surprisal, atol=1e-5)
    np.testing.assert_array_equal(blocks.top_ids[:, 0], whole.top_ids[:, 0])


def test_the_head_never_sees_more_rows_than_a_block(tiny_model, monkeypatch):
    model = tiny_model("llama")
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", 4 * 4 * model.facts.vocab_size)
    unembed, rows = model.unembed, []

    def watched(hidden):
        rows.append(hidden.shape[0])
        return unembed(hidden)

    monkeypatch.setattr(model, "unembed", watched)
    run = backend.study_text(model, TEXT)
    assert max(rows) == 4
    assert sum(rows) == len(run) - 1


def test_progress_counts_every_layer_and_block(tiny_model, monkeypatch):
    model = tiny_model("llama")
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", 20 * 4 * model.facts.vocab_size)
    seen: list[Progress] = []
    run = backend.study_text(model, TEXT, report=seen.append)
    blocks = math.ceil((len(run) - 1) / 20)
    assert [each.done for each in seen] == list(range(1, 3 + blocks + 1))
    assert {each.total for each in seen} == {3 + blocks}
    assert seen[0].message == "Reading: layer 1 of 3"
    assert seen[3].message == f"Measuring: 21 of {len(run)} tokens"


@pytest.mark.parametrize("stop_at", [1, 3, 4, 5])
def test_stops_between_layers_and_between_blocks(tiny_model, monkeypatch, stop_at):
    model = tiny_model("llama")
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", 5 * 4 * model.facts.vocab_size)
    seen = []

    def stop(progress: Progress) -> None:
        seen.append(progress.done)
        if progress.done == stop_at:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        backend.study_text(model, TEXT, report=stop)
    assert seen[-1] == stop_at
    assert backend.study_text(model, TEXT).entropy[1] > 0  # the model is as it was


def test_an_empty_text_is_refused(tiny_model):
    with pytest.raises(InputError, match="empty"):
        backend.study_text(tiny_model("gpt2"), "")


@pytest.mark.parametrize("top_k", [0, -1, 100_000])
def test_a_top_k_outside_the_vocabulary_is_refused_with_the_range(tiny_model, top_k):
    model = tiny_model("gpt2")
    with pytest.raises(InputError, match=f"1 to {model.facts.vocab_size}"):
        backend.study_text(model, "ab", top_k=top_k)


def test_the_whole_vocabulary_may_be_kept(tiny_model):
    model = tiny_model("gpt2")
    run = backend.study_text(model, "abc", top_k=model.facts.vocab_size)
    np.testing.assert_allclose(np.exp(run.top_logprobs[1:]).sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("fields", [{"long_text": "cut"}, {"special_tokens": "all"}])
def test_unknown_options_are_refused_with_the_known_ones(tiny_model, fields):
    with pytest.raises(InputError, match=" or "):
        backend.study_text(tiny_model("gpt2"), "ab", **fields)


def test_a_text_over_the_byte_limit_is_refused_with_both_numbers(tiny_model):
    with pytest.raises(OverBudgetError, match=r"2,000,001 bytes; at most 2,000,000"):
        backend.study_text(tiny_model("gpt2"), "a" * 2_000_001)


def test_logits_that_are_not_numbers_are_an_error_and_not_a_picture(tiny_model, monkeypatch):
    model = tiny_model("gpt2")
    unembed = model.unembed
    monkeypatch.setattr(model, "unembed", lambda hidden: unembed(hidden) * float("nan"))
    with pytest.raises(ModelError, match="float32"):
        backend.study_text(model, "abc")


def test_the_estimate_grows_with_the_text(tiny_model):
    model, study = tiny_model("opt"), STUDIES["text"]
    short, long = (study.estimate(model, TextRequest(text="ab " * count)) for count in (10, 150))
    assert long.bytes > short.bytes
    assert long.work > short.work > 0


@pytest.mark.parametrize("family", ["gemma2", "gpt_oss", "bloom"])
def test_a_model_that_holds_the_whole_matrix_of_scores_is_estimated_by_it(
    tiny_model, family, monkeypatch
):
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", 1)  # leaves the forward pass to count
    request = TextRequest(text="ab " * 150)
    model, plain = tiny_model(family), tiny_model("llama")
    tokens = model.tokenizer.count(request.text)
    whole = model.facts.heads * tokens**2 * 4 * 4  # four float32 tensors of heads × T × T
    assert STUDIES["text"].estimate(model, request).bytes > whole
    assert STUDIES["text"].estimate(plain, request).bytes < whole


def test_the_estimate_refuses_what_the_run_would_refuse(tiny_model):
    with pytest.raises(InputError):
        STUDIES["text"].estimate(tiny_model("gpt2"), TextRequest(text=""))


LONG = "".join(f"{number} stones and " for number in range(200))


def test_a_text_over_the_context_is_refused_with_both_numbers(tiny_model):
    model = tiny_model("llama")
    tokens = model.tokenizer.count(LONG)
    message = f"{tokens:,} tokens; this model reads {CONTEXT}"
    with pytest.raises(OverBudgetError, match=message):
        backend.study_text(model, LONG)


@pytest.mark.parametrize("add_bos", [False, True])
def test_in_windows_each_token_is_scored_with_the_context_it_states(tiny_model, add_bos):
    model = tiny_model("llama")
    run = backend.study_text(model, LONG, long_text="windows", window_overlap=100, add_bos=add_bos)
    run.check()
    later = run.context_lengths[CONTEXT:]
    assert later.min() >= 100
    assert run.context_lengths.max() < CONTEXT
    ids = torch.from_numpy(run.token_ids).long()
    for token in (1, CONTEXT - 1, CONTEXT, CONTEXT + 1, len(run) - 1):
        length = int(run.context_lengths[token])
        read = ids[token - length : token]
        if add_bos:
            read = torch.cat([ids[:1], ids[token - length + 1 : token]])
        with torch.inference_mode():
            logits = model.torch_model(read[None]).logits[0, -1].double()
        expected = -torch.log_softmax(logits, -1)[ids[token]].item()
        assert run.surprisal[token] == pytest.approx(expected, abs=TOLERANCE)


def test_a_text_that_fits_is_read_at_once_even_when_windows_are_allowed(tiny_model):
    model = tiny_model("llama")
    once, windows = (
        backend.study_text(model, TEXT, long_text=each) for each in ("refuse", "windows")
    )
    np.testing.assert_array_equal(once.surprisal, windows.surprisal)


@pytest.mark.parametrize("overlap", [0, CONTEXT, -3])
def test_an_impossible_overlap_is_refused_with_the_range(tiny_model, overlap):
    with pytest.raises(InputError, match=f"1 to {CONTEXT - 1}"):
        backend.study_text(tiny_model("llama"), LONG, long_text="windows", window_overlap=overlap)


@pytest.mark.model
def test_the_bundled_model_knows_the_capital_of_france(bundled_model):
    run = backend.study_text(bundled_model, "The capital of France is Paris.")
    assert run.tokens == ["The", " capital", " of", " France", " is", " Paris", "."]
    assert run.rank[5] == 1
    assert run.vocabulary[str(run.top_ids[5, 0])] == " Paris"


@pytest.mark.model
def test_the_bundled_model_is_measured_closer_than_promised(bundled_model):
    run = backend.study_text(bundled_model, TEXT)
    hidden = bundled_model.hidden_states(torch.from_numpy(run.token_ids).long()[None])
    log_p = torch.log_softmax(bundled_model.unembed(hidden[0, :-1]).double(), -1)
    entropy = -(log_p.exp() * log_p).sum(-1)
    varentropy = (log_p.exp() * (log_p + entropy[:, None]) ** 2).sum(-1)
    # On the very logits the model gave: an approximate exp would miss this by ten times.
    np.testing.assert_allclose(run.entropy[1:], entropy, atol=1e-5)
    np.testing.assert_allclose(run.varentropy[1:], varentropy, atol=3e-5)


PROSE = (
    "The harbour was quiet when the last boat came in. Nets hung over the wall to dry, and a boy "
    "counted baskets of herring while his father argued about the price of salt. Nobody looked up "
    "at the lighthouse, which had been dark since Tuesday; the keeper, they said, was ill again."
)


@pytest.mark.model
@pytest.mark.parametrize(
    ("dtype", "median", "largest"), [("bfloat16", 0.023, 0.32), ("float16", 0.003, 0.034)]
)
def test_half_precision_moves_entropy_by_what_is_stated(bundled_model, dtype, median, largest):
    half = backend.load_model("bundled", device="cpu", dtype=dtype)
    runs = [backend.study_text(each, PROSE) for each in (bundled_model, half)]
    for name in ("entropy", "surprisal"):
        moved = np.abs(getattr(runs[0], name) - getattr(runs[1], name))[1:]
        # docs/measures.md states what 1,250 tokens gave; another text may have twice of it.
        assert np.median(moved) <= 2 * median
        assert moved.max() <= 2 * largest


def test_a_run_cannot_be_changed(tiny_model):
    run = backend.study_text(tiny_model("gpt2"), "ab")
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.title = "other"
