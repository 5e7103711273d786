"""The attention study on tiny real models of many families."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM

import backend
from backend.errors import CancelledError, InputError, NotDefinedError, OverBudgetError
from backend.measures.attention import attend
from backend.models import load_model
from backend.models.taps import attention_tap
from backend.runs import load_run
from backend.runs.attention import AttentionRequest
from backend.runs.heads import repeats
from backend.settings import settings
from backend.studies import STUDIES, ignore
from backend.studies.watching import Watcher, plan_of, scores_of
from tests.tiny_models import tiny_tokenizer

TEXT = "The quick brown fox jumps over the lazy dog. 12345 sea shells on the sea shore."
FAMILIES = (
    *("llama", "gpt2", "qwen3", "gemma2", "gemma3", "mistral", "mixtral", "gpt_neox"),
    *("gpt_oss", "bloom", "opt", "phi"),
)
HYBRID = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
}
families = pytest.mark.parametrize("family", FAMILIES)


def build(folder, name, **arguments):
    """Write a tiny model that is not in the common table."""
    tokenizer = tiny_tokenizer("byte_level")
    config = getattr(transformers, name)(**arguments, vocab_size=len(tokenizer))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return load_model(str(folder), device="cpu")


@functools.cache
def eager(folder):
    """Return the same weights with attention that materialises every matrix, in float64."""
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager", experts_implementation="eager"
    )


def eager_weights(folder, ids):
    """All weights of every layer, [H, T, T] each, over the tokens alone."""
    with torch.no_grad():
        found = eager(folder)(ids, output_attentions=True, use_cache=False).attentions
    return [each[0] / each[0].sum(-1, keepdim=True) for each in found]


def ids_of(run):
    return torch.from_numpy(run.token_ids).long()[None]


@families
def test_entropy_is_that_of_the_eager_model_in_float64(family, tiny_model, tiny_folder):
    run = backend.study_attention(tiny_model(family), TEXT * 2)
    for layer, weights in enumerate(eager_weights(tiny_folder(family), ids_of(run))):
        exact = -torch.xlogy(weights, weights).sum(-1).numpy()
        # 1e-4 nats is the promise; tiny models leave room for the depth of real ones.
        np.testing.assert_allclose(run.entropy[layer], exact, atol=2e-5)


@families
def test_masses_and_distance_are_those_of_the_eager_model(family, tiny_model, tiny_folder):
    run = backend.study_attention(tiny_model(family), TEXT)
    none = np.zeros_like(run.entropy)
    kept = 1 - (none if run.outside_mass is None else run.outside_mass)
    place = np.arange(len(run))
    for layer, tensor in enumerate(eager_weights(tiny_folder(family), ids_of(run))):
        weights, part = tensor.numpy(), kept[layer]
        before = weights.diagonal(-1, 1, 2) * part[:, 1:]
        own = weights.diagonal(axis1=1, axis2=2) * part
        np.testing.assert_allclose(run.first_mass[layer], weights[..., 0] * part, atol=1e-4)
        np.testing.assert_allclose(run.self_mass[layer], own, atol=1e-4)
        np.testing.assert_allclose(run.previous_mass[layer, :, 1:], before, atol=1e-4)
        np.testing.assert_allclose(run.distance[layer], place - weights @ place, atol=1e-2)


@families
def test_the_highest_entropy_is_the_log_of_the_visible_keys(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_attention(model, TEXT * 2)
    config = model.torch_model.config
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * run.model.layers
    if family == "mistral":
        kinds = ["sliding_attention"] * run.model.layers
    for kind, highest in zip(kinds, run.max_entropy, strict=True):
        widest = config.sliding_window if kind == "sliding_attention" else len(run)
        seen = np.minimum(np.arange(1, len(run) + 1), widest)
        np.testing.assert_allclose(highest, np.log(seen), rtol=1e-6)
    assert (run.entropy <= run.max_entropy[:, None] + 1e-5).all()


@families
def test_watching_does_not_change_the_model(family, tiny_model):
    model = tiny_model(family)
    ids = torch.arange(3, 200)[None] % model.facts.vocab_size
    untouched = model.hidden_states(ids)
    with attention_tap(model, Watcher(model, ids)):
        watched = model.hidden_states(ids)
    # float32, the same sums in another order.
    torch.testing.assert_close(watched, untouched, atol=2e-5, rtol=2e-5)
    assert torch.equal(model.hidden_states(ids), untouched)


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "gemma3"])
def test_in_half_precision_the_model_keeps_its_own_kernel(family, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype="bfloat16")
    ids = torch.arange(3, 100)[None] % model.facts.vocab_size
    untouched = model.hidden_states(ids)
    with attention_tap(model, Watcher(model, ids)):
        assert torch.equal(model.hidden_states(ids), untouched)


class Collector:
    """A tap that keeps everything, and lets the layer use our kernel."""

    def __init__(self):
        self.calls = []

    def call(self, call):
        self.calls.append(call)
        return (
            None
            if call.plain
            else attend(
                scores_of(call), plan_of(call, torch.full(call.query.shape[2:3], -1)), call.value
            )[1]
        )

    def weights(self, layer, weights):
        raise AssertionError("this family computes no weights of its own")


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen3", "mistral"])
def test_with_bfloat16_weights_the_error_stays_below_a_thousandth(family, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype="bfloat16")
    run = backend.study_attention(model, TEXT * 3)
    collector = Collector()
    with attention_tap(model, collector):
        model.hidden_states(ids_of(run))
    for call in collector.calls:
        group = call.query.shape[1] // call.key.shape[1]
        key = call.key.double().repeat_interleave(group, 1)
        scores = call.query.double() @ key.mT * call.scaling
        past = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        shown = past if call.visible is None else call.visible
        weights = scores.masked_fill(~shown, -torch.inf).softmax(-1)[0]
        exact = -torch.xlogy(weights, weights).sum(-1).numpy()
        np.testing.assert_allclose(run.entropy[call.layer], exact, atol=1e-3)


@pytest.mark.parametrize("family", ["llama", "gemma2", "mistral", "gpt_oss"])
def test_left_padding_changes_nothing_in_a_batch(family, tiny_model):
    model = tiny_model(family)
    alone = backend.study_attention(model, TEXT)
    ids = ids_of(alone)
    mask = torch.ones(2, len(alone) + 5, dtype=torch.long)
    mask[0, :5] = 0
    batch = torch.full((2, len(alone) + 5), 3)
    batch[0, 5:] = ids[0]
    watcher = Watcher(model, batch)
    with attention_tap(model, watcher):
        model.hidden_states(batch, attention_mask=mask)
    arrays = watcher.arrays()
    np.testing.assert_allclose(arrays["entropy"][..., 5:], alone.entropy, atol=1e-4)
    np.testing.assert_allclose(arrays["first_mass"][..., 5:], alone.first_mass, atol=1e-4)
    np.testing.assert_allclose(arrays["max_entropy"][:, 5:], alone.max_entropy, atol=1e-6)
    assert np.isnan(arrays["entropy"][..., :5]).all()


@pytest.mark.parametrize("family", ["llama", "bloom"])
def test_induction_mass_is_the_weight_on_what_followed_the_same_token(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_attention(model, "a b c a b c a a b")
    pattern = backend.attention_pattern(model, run.text, 1, 2)
    ids = run.token_ids.tolist()
    for place, token in enumerate(ids):
        earlier = [at for at in range(place) if ids[at] == token]
        follows = earlier[-1] + 1 if earlier and earlier[-1] + 1 < place else None
        expected = 0 if follows is None else pattern[place, follows]
        assert run.induction_mass[1, 2, place] == pytest.approx(expected, abs=1e-5)
        assert repeats(run)[place] == (follows is not None)


def test_learned_sinks_are_counted_apart(tiny_model):
    assert backend.study_attention(tiny_model("llama"), TEXT).outside_mass is None
    outside = backend.study_attention(tiny_model("gpt_oss"), TEXT).outside_mass
    assert ((outside > 0) & (outside < 1)).all()


def test_layers_without_attention_say_so(tmp_path):
    model = build(
        tmp_path,
        "Qwen3NextConfig",
        **HYBRID,
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        num_experts=2,
        num_experts_per_tok=1,
        moe_intermediate_size=16,
        shared_expert_intermediate_size=16,
    )
    run = backend.study_attention(model, TEXT)
    assert list(run.reasons) == ["0", "1", "2"]
    assert "running state" in run.reasons["0"]
    assert np.isnan(run.entropy[:3]).all()
    assert np.isfinite(run.entropy[3]).all()
    assert np.isnan(run.max_entropy[:3]).all()


def test_a_model_without_any_attention_is_refused_with_the_reason(tmp_path):
    model = build(tmp_path, "MambaConfig", hidden_size=32, num_hidden_layers=2, state_size=4)
    with pytest.raises(NotDefinedError, match=r"no attention pattern.*running state"):
        backend.study_attention(model, TEXT)


def test_mpt_is_read_from_the_weights_it_computes(tmp_path):
    model = build(tmp_path, "MptConfig", d_model=32, n_heads=4, n_layers=2, max_seq_len=256)
    run = backend.study_attention(model, TEXT)
    for layer, weights in enumerate(eager_weights(tmp_path, ids_of(run))):
        exact = -torch.xlogy(weights, weights).sum(-1).numpy()
        np.testing.assert_allclose(run.entropy[layer], exact, atol=2e-5)


@pytest.mark.parametrize(
    ("family", "defined"),
    [("llama", True), ("gpt2", True), ("gpt_neox", True), ("qwen3", False), ("bloom", False)],
)
def test_the_norm_of_a_head_needs_plain_projections(family, defined, tiny_model):
    norms = backend.study_attention(tiny_model(family), TEXT).spectral_norm
    assert np.isfinite(norms).all() if defined else np.isnan(norms).all()


@pytest.mark.parametrize("family", ["llama", "gpt_neox"])
def test_no_score_of_two_unit_inputs_exceeds_the_norm_of_its_head(family, tiny_model):
    """With positions 0 for both tokens nothing turns, and the norm bounds the score."""
    model = tiny_model(family)
    run = backend.study_attention(model, TEXT)
    inputs = []
    attention = next(
        part for part in model.layers[1].modules() if type(part).__name__.endswith("Attention")
    )
    handle = attention.register_forward_pre_hook(
        lambda _, args, kwargs: inputs.append(args[0] if args else kwargs["hidden_states"]),
        with_kwargs=True,
    )
    collector = Collector()
    with attention_tap(model, collector):
        model.hidden_states(ids_of(run)[:, :1])
    handle.remove()
    call = next(each for each in collector.calls if each.layer == 1)
    length = inputs[0].norm().item()
    group = call.query.shape[1] // call.key.shape[1]
    scores = (call.query[0, :, 0] * call.key[0].repeat_interleave(group, 0)[:, 0]).sum(-1)
    assert (scores.abs().numpy() * call.scaling <= run.spectral_norm[1] * length**2 * 1.001).all()


def test_the_run_survives_a_file(tiny_model, tmp_path):
    run = backend.study_attention(tiny_model("gpt_oss"), TEXT)
    again = load_run(run.save(tmp_path / "run.safetensors"))
    assert again.request == run.request
    for name, array in run.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


def test_progress_counts_layers(tiny_model):
    heard = []
    backend.study_attention(tiny_model("llama"), TEXT, report=heard.append)
    assert [(each.done, each.total) for each in heard] == [(1, 3), (2, 3), (3, 3)]


def test_a_stop_between_layers_leaves_the_model_as_it_was(tiny_model):
    model = tiny_model("llama")

    def stop(progress):
        if progress.done == 2:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        backend.study_attention(model, TEXT, report=stop)
    assert model.torch_model.config._attn_implementation == "sdpa"
    assert len(backend.study_attention(model, TEXT)) > 0


def test_too_long_a_text_is_refused_with_both_numbers(tiny_model):
    with pytest.raises(OverBudgetError, match=r"tokens; this model reads 512"):
        backend.study_attention(tiny_model("llama"), TEXT * 30)


def test_an_empty_text_is_refused(tiny_model):
    with pytest.raises(InputError, match="empty"):
        backend.study_attention(tiny_model("llama"), "")


def test_the_estimate_grows_with_the_text_and_learns_the_pace(tiny_model):
    model, study = tiny_model("gpt2"), type(STUDIES["attention"])()
    short = AttentionRequest(model=model.spec, text=TEXT)
    long = AttentionRequest(model=model.spec, text=TEXT * 4)
    assert study.estimate(model, short).seconds is None
    study.run(model, short, ignore)
    assert study.estimate(model, long).seconds > study.estimate(model, short).seconds
    assert study.estimate(model, long).bytes > study.estimate(model, short).bytes


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "mistral", "gpt_oss", "bloom"])
def test_the_pattern_of_a_head_is_exact(family, tiny_model, tiny_folder):
    model = tiny_model(family)
    run = backend.study_attention(model, TEXT)
    pattern = backend.attention_pattern(model, TEXT, 1, 3)
    assert pattern.dtype == np.float32
    assert pattern.shape == (len(run), len(run))
    exact = eager_weights(tiny_folder(family), ids_of(run))[1][3].numpy()
    kept = 1 if run.outside_mass is None else 1 - run.outside_mass[1, 3, :, None]
    np.testing.assert_allclose(pattern, exact * kept, atol=1e-5)


def test_a_pattern_can_be_asked_for_in_rows_or_as_an_overview(tiny_model):
    model = tiny_model("llama")
    whole = backend.attention_pattern(model, TEXT, 2, 0)
    rows = backend.attention_pattern(model, TEXT, 2, 0, rows=(3, 9))
    np.testing.assert_allclose(rows, whole[3:9], atol=1e-6)
    overview = backend.attention_pattern(model, TEXT, 2, 0, cells=10)
    assert max(overview.shape) <= 10
    assert overview.max() == pytest.approx(whole.max())


@pytest.mark.parametrize(
    ("layer", "head", "rows"), [(3, 0, None), (-1, 0, None), (0, 4, None), (0, 0, (5, 5))]
)
def test_a_pattern_that_does_not_exist_is_refused(layer, head, rows, tiny_model):
    with pytest.raises(InputError, match="must"):
        backend.attention_pattern(tiny_model("llama"), TEXT, layer, head, rows=rows)


def test_a_pattern_over_the_memory_limit_is_refused_with_both_numbers(tiny_model, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_WORK_BYTES", "1000")
    settings.cache_clear()
    with pytest.raises(OverBudgetError, match=r"GB.*overview"):
        backend.attention_pattern(tiny_model("llama"), TEXT, 0, 0)
    settings.cache_clear()
