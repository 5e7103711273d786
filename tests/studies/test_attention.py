"""The attention study on tiny real models of many families."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch

import backend
from backend.derived.heads import entropy_floor, repeats
from backend.errors import (
    CancelledError,
    InputError,
    ModelError,
    NotDefinedError,
    OverBudgetError,
)
from backend.measures.attention import attend
from backend.models import load_model
from backend.models.taps import attention_tap
from backend.runs import AttentionRequest
from backend.storage.files import load_run
from backend.studies import STUDIES
from backend.taps import attention as watching
from tests.studies.attention_models import (
    TEXT,
    Collector,
    build,
    eager_weights,
    exact_entropy,
    ids_of,
    padded,
    watched,
)

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


@pytest.fixture(params=[watching._SMALL, 0], ids=["together", "each layer alone"])
def either_way(request, monkeypatch):
    """Measure the small layers of tiny models together, and each by itself like large ones."""
    monkeypatch.setattr(watching, "_SMALL", request.param)


@families
def test_entropy_is_that_of_the_eager_model_in_float64(family, tiny_model, tiny_folder):
    run = backend.study_attention(tiny_model(family), TEXT * 2)
    for layer, weights in enumerate(eager_weights(tiny_folder(family), ids_of(run))):
        exact = exact_entropy(weights)
        # 1e-4 nats is the promise; tiny models leave room for the depth of real ones.
        np.testing.assert_allclose(run.entropy[layer], exact, atol=2e-5)


@pytest.mark.usefixtures("either_way")
@families
@pytest.mark.parametrize(("seed", "tokens"), [(0, 1), (1, 2), (2, 17), (3, 129), (4, 300)])
def test_random_tokens_are_measured_as_in_the_eager_model(
    family, seed, tokens, tiny_model, tiny_folder
):
    model = tiny_model(family)
    random = torch.Generator().manual_seed(seed)
    ids = torch.randint(model.facts.vocab_size, (1, tokens), generator=random)
    entropy = watched(model, ids)[0].arrays()["entropy"]
    for layer, weights in enumerate(eager_weights(tiny_folder(family), ids)):
        np.testing.assert_allclose(entropy[layer], exact_entropy(weights), atol=1e-4)


@families
def test_no_query_has_less_entropy_than_its_scores_allow(family, tiny_model):
    run = backend.study_attention(tiny_model(family), TEXT * 2)
    # 1e-3 nats: what float32 leaves of a spread, seen through the bound.
    assert (entropy_floor(run) <= run.entropy + 1e-3).all()


@pytest.mark.model
@pytest.mark.slow
def test_the_bundled_model_is_measured_as_in_float64(bundled_model):
    run = backend.study_attention(bundled_model, TEXT * 8)
    exact_model = copy.deepcopy(bundled_model.torch_model).double()
    exact_model.set_attn_implementation("eager")
    with torch.no_grad():
        found = exact_model(ids_of(run), output_attentions=True, use_cache=False).attentions
    for layer, weights in enumerate(found):
        exact, first = exact_entropy(weights[0]), weights[0][..., 0].numpy()
        # 1e-4 nats is the promise, for depth and width as they are.
        np.testing.assert_allclose(run.entropy[layer], exact, atol=1e-4)
        np.testing.assert_allclose(run.first_mass[layer], first, atol=1e-4)
    assert (entropy_floor(run) <= run.entropy + 1e-3).all()


def test_layers_of_unlike_kinds_are_measured_apart(tiny_model, monkeypatch):
    counted = []

    def count(scores, plan, value=None):
        counted.append(scores.query.shape[1])
        return attend(scores, plan, value)

    monkeypatch.setattr(watching, "attend", count)
    model = tiny_model("gemma3")
    backend.study_attention(model, TEXT)
    kinds = model.torch_model.config.layer_types
    heads = [kinds.count(kind) * model.facts.heads for kind in sorted(set(kinds), key=kinds.index)]
    assert counted == heads


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


@pytest.mark.usefixtures("either_way")
@families
def test_watching_does_not_change_the_model(family, tiny_model):
    model = tiny_model(family)
    ids = torch.arange(3, 200)[None] % model.facts.vocab_size
    untouched = model.hidden_states(ids)
    # float32, the same sums in another order.
    torch.testing.assert_close(watched(model, ids)[1], untouched, atol=2e-5, rtol=2e-5)
    assert torch.equal(model.hidden_states(ids), untouched)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@families
def test_in_half_precision_the_model_keeps_its_own_kernel(family, dtype, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype=dtype)
    ids = torch.arange(3, 303)[None] % model.facts.vocab_size
    untouched = model.hidden_states(ids)
    assert torch.equal(watched(model, ids)[1], untouched)


@pytest.mark.parametrize(
    ("family", "masks"), [("llama", 1), ("mistral", 1), ("gemma2", 2), ("gemma3", 1)]
)
@pytest.mark.parametrize("padding", [0, 5])
def test_layers_with_the_same_mask_share_one_plan(family, masks, padding, tiny_model):
    model = tiny_model(family)
    assert model.facts.layers > masks
    ids = torch.arange(3, 100)[None] % model.facts.vocab_size
    mask = torch.ones_like(ids)
    mask[:, :padding] = 0
    tap, _ = watched(model, ids, attention_mask=mask)
    assert len(tap._plans) == masks


@pytest.mark.parametrize("family", ["llama", "gemma2", "bloom"])
def test_numbers_out_of_the_range_of_float16_are_named_as_such(family, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype="float16")
    part = next(
        each
        for name, each in model.layers[1].named_modules()
        if name.endswith(("q_proj", "query_key_value"))
    )
    part.weight.data.fill_(6e4)
    with pytest.raises(ModelError, match=r"float16.*bfloat16"):
        backend.study_attention(model, TEXT)
    with pytest.raises(ModelError, match=r"float16.*bfloat16"):
        backend.attention_pattern(model, TEXT, 2, 0)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@families
def test_with_half_precision_weights_the_error_stays_below_a_thousandth(family, dtype, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype=dtype)
    run = backend.study_attention(model, TEXT * 3)
    collector = Collector()
    with attention_tap(model, collector):
        model.hidden_states(ids_of(run))
    for call in collector.calls:
        group = call.query.shape[1] // call.key.shape[1]
        key = call.key.double().repeat_interleave(group, 1)
        scores = call.query.double() @ key.mT * call.scaling
        if call.softcap is not None:
            scores = (scores / call.softcap).tanh() * call.softcap
        if call.bias is not None:
            scores = scores + call.bias.double()
        past = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        shown = past if call.visible is None else call.visible
        exact = exact_entropy(scores.masked_fill(~shown, -torch.inf).softmax(-1)[0])
        np.testing.assert_allclose(run.entropy[call.layer], exact, atol=1e-3)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "mistral", "gpt_oss", "bloom"])
def test_left_padding_changes_nothing_in_a_batch(family, tiny_model):
    model = tiny_model(family)
    alone = backend.study_attention(model, TEXT)
    found = padded(model, alone, 5)
    for name in ("entropy", "first_mass", "self_mass", "distance", "score_spread"):
        # Distances reach some 50 tokens, scores some 10; both come from float32 sums.
        np.testing.assert_allclose(found[name][..., 5:], getattr(alone, name), atol=1e-4, rtol=1e-4)
        assert np.isnan(found[name][..., :5]).all()
    np.testing.assert_allclose(found["max_entropy"][:, 5:], alone.max_entropy, atol=1e-6)
    assert np.isnan(found["max_entropy"][:, :5]).all()


@pytest.mark.parametrize("family", ["llama", "bloom"])
def test_layers_with_another_number_of_heads_say_so(family, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu")
    model.facts = dataclasses.replace(model.facts, heads=3)
    with pytest.raises(NotDefinedError, match="another number of heads than 3"):
        backend.study_attention(model, TEXT)


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


@pytest.mark.parametrize(
    ("family", "defined"),
    [("llama", True), ("gpt2", True), ("gpt_neox", True), ("qwen3", False), ("bloom", False)],
)
def test_the_norm_of_a_head_needs_plain_projections(family, defined, tiny_model):
    norms = backend.study_attention(tiny_model(family), TEXT).spectral_norm
    assert np.isfinite(norms).all() if defined else np.isnan(norms).all()


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


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen3", "mixtral"])
def test_the_fast_way_is_within_what_it_says_of_the_exact_one(family, dtype, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype=dtype)
    exact, fast = (
        backend.study_attention(model, TEXT * 3, method=each) for each in ("exact", "fast")
    )
    assert (exact.request.method, fast.request.method) == ("exact", "fast")
    np.testing.assert_allclose(fast.entropy, exact.entropy, atol=4e-3)
    for name in ("first_mass", "self_mass", "previous_mass", "induction_mass"):
        np.testing.assert_allclose(getattr(fast, name), getattr(exact, name), atol=1e-3)
    np.testing.assert_allclose(fast.distance, exact.distance, atol=2e-3 * len(fast) + 0.01)
    np.testing.assert_allclose(fast.score_spread, exact.score_spread, atol=1e-2, rtol=1e-3)
    np.testing.assert_array_equal(fast.max_entropy, exact.max_entropy)
    assert not np.array_equal(fast.entropy, exact.entropy)
    assert fast.reasons == exact.reasons == {}
    fast.check()


@pytest.mark.parametrize("family", ["gemma2", "mistral", "gpt_oss", "bloom"])
def test_layers_with_windows_caps_or_sinks_are_exact_either_way(family, tiny_folder):
    model = load_model(str(tiny_folder(family)), device="cpu", dtype="bfloat16")
    exact, fast = (
        backend.study_attention(model, TEXT * 3, method=each) for each in ("exact", "fast")
    )
    np.testing.assert_array_equal(fast.entropy, exact.entropy)


def test_the_fast_way_is_refused_for_float32(tiny_model):
    with pytest.raises(InputError, match=r"bfloat16 or float16.* float32"):
        backend.study_attention(tiny_model("llama"), TEXT, method="fast")
    request = AttentionRequest(text=TEXT, method="fast")
    with pytest.raises(InputError, match="float32"):
        STUDIES["attention"].estimate(tiny_model("llama"), request)


def test_an_unknown_way_is_refused_with_the_known_ones(tiny_model):
    with pytest.raises(InputError, match="'exact' or 'fast'"):
        backend.study_attention(tiny_model("llama"), TEXT, method="quick")


def test_the_way_is_kept_in_the_file_of_a_run(tiny_folder, tmp_path):
    model = load_model(str(tiny_folder("llama")), device="cpu", dtype="bfloat16")
    run = backend.study_attention(model, TEXT, method="fast")
    assert load_run(run.save(tmp_path / "run.safetensors")).request.method == "fast"


def test_on_an_nvidia_gpu_plain_layers_take_a_fused_kernel(tiny_model):
    model = tiny_model("llama")
    collector = Collector()
    with attention_tap(model, collector):
        model.hidden_states(torch.arange(3, 60)[None])
    tap = watching.AttentionRowsTap()
    call = collector.calls[0]
    there = dataclasses.replace(call, query=call.query.to("meta"), key=call.key.to("meta"))
    assert not tap._can_fuse(call)
    assert not tap._can_fuse(there)

    class OnCuda:
        dtype, device = torch.float32, torch.device("cuda")

    assert tap._can_fuse(dataclasses.replace(call, query=OnCuda()))
    assert not tap._can_fuse(dataclasses.replace(call, query=OnCuda(), softcap=5.0))
