"""What a model keeps of what it has read gives the numbers of reading everything again."""

from __future__ import annotations

import pytest
import torch
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

import backend
from backend.errors import ModelError, OverBudgetError
from backend.models import load_model
from tests.rare_models import LONGROPE_TURN

TEXT = "The quick brown fox jumps over the lazy dog by the sea shore."
# Most had a past of their own, or none, that was not read: off by 0.0075 to 6.5 nats.
WRITE = ["bamba", "falcon_h1", "llama4", "mamba", "minimax", "modernbert", "openai-gpt"]
WRITE += ["recurrent_gemma", "reformer", "roberta", "rwkv"]
REFUSED = {
    "doge": "once its window is full",
    "kimi_linear": "A test of decoding failed",
    "mistral, window of 1": r"a test of 3 tokens when it was loaded was off by \d+%",
}


def log_probs_at_once(model, ids):
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([list(ids)]), use_cache=False).logits[0]
    return logits.double().log_softmax(-1)


def largest_miss(model, run):
    """Return how far the stored top log-probabilities are from those of the whole text, nats."""
    largest = 0.0
    for sampler in range(run.lengths.shape[0]):
        for seed in range(run.lengths.shape[1]):
            length = run.lengths[sampler, seed]
            ids = [*run.prompt_ids.tolist(), *run.token_ids[sampler, seed, :length].tolist()]
            # Nothing reads the last token.
            expected = log_probs_at_once(model, ids[:-1])[len(run.prompt_ids) - 1 :]
            top = torch.from_numpy(run.raw_top_ids[sampler, seed, :length]).long()
            found = torch.from_numpy(run.raw_top_logprobs[sampler, seed, :length])
            largest = max(largest, (expected.gather(-1, top) - found).abs().max().item())
    return largest


@pytest.mark.parametrize("family", WRITE)
def test_decoded_distributions_are_those_of_the_whole_text(family, rare_model):
    model = rare_model(family)
    samplers = ["greedy", ("temperature", {"temperature": 2.0})]
    run = backend.study_trajectories(
        model, TEXT, samplers, seeds=[0, 1], steps=20, stop_at_end=False, top_n=5
    )
    # Four rows that part from each other; float32.
    assert len({tuple(each) for each in run.token_ids.reshape(4, -1).tolist()}) > 2
    assert largest_miss(model, run) < 1e-3


@pytest.mark.parametrize("family", WRITE)
def test_greedy_decoding_takes_the_tokens_of_a_naive_loop(family, rare_model):
    model = rare_model(family)
    run = backend.study_trajectories(model, TEXT, ["greedy"], steps=12, stop_at_end=False)
    ids = run.prompt_ids.tolist()
    for token in run.token_ids[0, 0].tolist():
        best = log_probs_at_once(model, ids)[-1]
        assert best[token] > best.max() - 1e-4  # or tied with the best
        ids.append(token)


@pytest.mark.parametrize("family", [*WRITE, "deepseek_v4"])
def test_rows_can_be_repeated_reordered_and_left_out(family, rare_model):
    model = rare_model(family)
    ids = torch.tensor([[5, 9, 30, 41, 12, 77, 8, 50], [5, 9, 30, 41, 12, 20, 64, 33]])
    past = model.new_past()
    model.hidden_states(ids[:1, :5], past=past)
    past.select(torch.tensor([0, 0, 0]))
    model.hidden_states(torch.tensor([[20], [77], [20]]), past=past)
    past.select(torch.tensor([1, 2]))
    model.hidden_states(ids[:, 6, None], past=past)
    past.select(torch.tensor([1]))
    hidden = model.hidden_states(ids[1:, 7, None], past=past)
    assert past.tokens == 8
    expected = model.hidden_states(ids[1:])[:, -1:]
    torch.testing.assert_close(hidden, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("family", WRITE)
def test_a_text_is_read_the_same_after_something_was_written(family, rare_model):
    model = rare_model(family)
    ids = torch.arange(5, 25)[None]
    before = model.hidden_states(ids)
    backend.study_trajectories(model, TEXT, ["greedy"], seeds=[0, 1], steps=3)
    assert torch.equal(model.hidden_states(ids), before)


def test_a_prompt_of_one_token_begins_without_what_another_text_has_left(rare_model):
    model = rare_model("recurrent_gemma")
    for prompt in ("a", "b", "a"):
        run = backend.study_trajectories(
            model, prompt, ["greedy"], steps=6, stop_at_end=False, top_n=5
        )
        assert len(run.prompt_ids) == 1
        assert largest_miss(model, run) < 1e-3


@pytest.mark.parametrize("family", REFUSED)
def test_a_family_that_decodes_other_numbers_than_it_reads_is_refused_before_the_run(
    family, rare_model
):
    model, heard = rare_model(family), []
    with pytest.raises(ModelError, match=REFUSED[family]) as refusal:
        backend.study_trajectories(model, TEXT, ["greedy"], steps=3, report=heard.append)
    assert model.facts.name in str(refusal.value)
    assert "texts and attention can be studied" in str(refusal.value)
    assert heard == []


@pytest.mark.parametrize("family", ["doge", "mistral, window of 1"])
def test_a_family_that_is_refused_for_writing_still_reads(family, rare_model):
    model = rare_model(family)
    run = backend.study_text(model, TEXT)
    expected = log_probs_at_once(model, run.token_ids)[:-1]
    assert run.entropy[1:] == pytest.approx(-(expected.exp() * expected).sum(-1), abs=1e-4)
    assert backend.study_attention(model, TEXT).entropy.shape[-1] == len(run)


def test_a_model_that_forgets_its_position_fails_the_test_at_load(tiny_folder, monkeypatch):
    turn = LlamaRotaryEmbedding.forward

    def forgetful(self, states, position_ids):
        """Count from 0 again with every token, as Bamba does when it is not told."""
        return turn(self, states, torch.arange(position_ids.shape[1])[None])

    monkeypatch.setattr(LlamaRotaryEmbedding, "forward", forgetful)
    model = load_model(str(tiny_folder("llama")), device="cpu")
    with pytest.raises(ModelError, match="decodes other numbers than it reads"):
        backend.study_trajectories(model, TEXT, ["greedy"], steps=3)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(
    "family", ["llama", "gpt2", "gemma3", "mixtral", "gpt_oss", "bloom", "opt"]
)
def test_common_families_pass_the_test_at_load(family, dtype, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype=dtype)
    assert model.decoding_fault is None
    assert model.takes_positions == (family != "bloom")


@pytest.mark.model
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_bundled_model_passes_the_test_at_load(dtype):
    assert load_model("bundled", device="cpu", dtype=dtype).decoding_fault is None


def prompt_of(model, tokens):
    """Return a text of so many tokens."""
    text = "0" * tokens
    assert model.tokenizer.count(text) == tokens
    return text


@pytest.mark.parametrize(
    ("tokens", "steps"), [(20, 13), (LONGROPE_TURN - 1, 2), (LONGROPE_TURN + 1, 30)]
)
def test_either_side_of_where_longrope_turns_decoding_is_right(tokens, steps, rare_model):
    model = rare_model("phi3, longrope")
    run = backend.study_trajectories(
        model, prompt_of(model, tokens), ["greedy"], steps=steps, stop_at_end=False, top_n=5
    )
    assert largest_miss(model, run) < 1e-3


@pytest.mark.parametrize(("tokens", "steps"), [(20, 14), (LONGROPE_TURN, 2)])
def test_writing_across_where_longrope_turns_is_refused_with_the_numbers(tokens, steps, rare_model):
    model = rare_model("phi3, longrope")
    with pytest.raises(OverBudgetError, match=f"{tokens} tokens of prompt.* beyond 32 tokens"):
        backend.study_trajectories(
            model, prompt_of(model, tokens), ["greedy"], steps=steps, stop_at_end=False
        )
