"""Every layer read through the model's own head, and through a map fitted on the spot."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import backend
from backend.errors import CancelledError, InputError
from backend.models import load_model
from backend.settings import settings
from backend.studies import linear_lens, when_it_knew
from tests.studies.layer_models import TEXT, entropy, log_softmax, states_of

NUMBERS = ("entropy", "kl", "rank", "agrees")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Fit lenses into a folder of this test."""
    monkeypatch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    linear_lens._known.clear()
    yield
    settings.cache_clear()
    linear_lens._known.clear()


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "opt", "cohere"])
def test_the_logit_lens_is_norm_and_head_of_every_state(family, tiny_model):
    model = tiny_model(family)
    run = backend.study_when_it_knew(model, TEXT, lens="logit")
    ids, states = run.token_ids[1:], states_of(model, run)
    lenses = [log_softmax(model.unembed(model.final_norm(each[:-1]))) for each in states]
    end = lenses[-1]
    for depth, lens in enumerate(lenses):
        came = np.take_along_axis(lens, ids[:, None], 1)
        expected = {
            "entropy": entropy(np.exp(lens)),
            "kl": (np.exp(end) * (end - lens)).sum(1),
            "rank": 1 + (lens > came).sum(1),
            "agrees": lens.argmax(1) == end.argmax(1),
        }
        for name, values in expected.items():
            found = getattr(run, name)[depth, 1:]
            np.testing.assert_allclose(found, values, atol=1e-3, rtol=1e-3, err_msg=name)
        best = np.sort(lens, 1)[:, ::-1][:, : when_it_knew.TOP]
        np.testing.assert_allclose(run.top_logprobs[depth, 1:], best, atol=1e-3)
    assert all(np.isnan(getattr(run, name)[:, 0]).all() for name in NUMBERS)


@pytest.mark.parametrize("family", ["llama", "gemma2"])
def test_the_last_depth_is_the_model_itself(family, tiny_model):
    model = tiny_model(family)
    run, text = backend.study_when_it_knew(model, TEXT), backend.study_text(model, TEXT, top_k=5)
    for last in (run.entropy[-1], run.linear_entropy[-1]):
        np.testing.assert_allclose(last, text.entropy, atol=1e-4)
    np.testing.assert_array_equal(run.rank[-1], text.rank)
    np.testing.assert_array_equal(run.top_ids[-1], text.top_ids)
    assert (run.kl[-1, 1:] == 0).all()
    assert (run.agrees[-1, 1:] == 1).all()


def test_blocks_of_rows_change_nothing(tiny_model, monkeypatch):
    model = tiny_model("llama")
    whole = backend.study_when_it_knew(model, TEXT)
    monkeypatch.setattr(when_it_knew, "block_rows", lambda _: 5)
    parts = backend.study_when_it_knew(model, TEXT)
    for name, values in whole.arrays().items():
        np.testing.assert_allclose(parts.arrays()[name], values, atol=1e-4, rtol=1e-4)


def test_the_linear_lens_is_the_least_squares_map_of_the_passages(tiny_model):
    model = tiny_model("llama")
    run = backend.study_when_it_knew(model, TEXT)
    lens = linear_lens.fit_lens(model)
    assert run.linear_label == lens.label
    tokens = sum(len(part) - 1 for part in linear_lens._parts(model))
    assert lens.label == f"linear lens, fitted on {tokens:,} tokens"
    inputs, outputs = [], []
    for part in linear_lens._parts(model):
        states = states_of(model, type("Run", (), {"token_ids": part.numpy()}))
        scaled = [each[1:].double() for each in states]
        scaled = [each / (each.square().mean(-1, keepdim=True) + 1e-6).sqrt() for each in scaled]
        inputs.append(scaled[1])
        outputs.append(scaled[-1])
    rows = torch.cat(inputs)
    rows = torch.cat([rows, torch.ones(len(rows), 1)], 1)
    size = rows.shape[1] - 1
    pull = linear_lens.RIDGE * len(rows) * torch.eye(size + 1, dtype=torch.float64)
    pull[-1, -1] = 0
    expected = torch.linalg.solve(
        rows.T @ rows + pull, rows.T @ torch.cat(outputs) + pull[:, :size]
    )
    # Kept in half precision.
    torch.testing.assert_close(lens.weights[1].double(), expected[:-1], atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(lens.biases[1].double(), expected[-1], atol=2e-3, rtol=2e-3)
    states = states_of(model, run)[1][:-1]
    logits = model.unembed(model.final_norm(lens(1, states)))
    expected = entropy(np.exp(log_softmax(logits)))
    np.testing.assert_allclose(run.linear_entropy[1, 1:], expected, atol=1e-3)


@pytest.mark.slow
@pytest.mark.model
def test_the_logit_lens_is_sure_and_wrong_where_the_linear_lens_is_not(bundled_model):
    run = backend.study_when_it_knew(bundled_model, TEXT, layers="every 3rd")
    middle = [6, 9, 12, 15, 18]
    kl, linear = np.nanmean(run.kl, 1)[middle], np.nanmean(run.linear_kl, 1)[middle]
    assert (np.nanmean(run.entropy, 1)[middle] < 2).all()
    assert (kl > 8).all()
    assert (linear < kl / 2).all()


def test_a_fitted_lens_is_found_again_and_a_damaged_one_is_fitted_again(tiny_folder, monkeypatch):
    folder = str(tiny_folder("llama"))
    fitted = linear_lens.fit_lens(load_model(folder, device="cpu"))
    (file,) = (settings().cache_dir / "lenses").glob("*.safetensors")
    again = linear_lens.known_lens(load_model(folder, device="cpu"))
    assert again is not None
    assert again.label == fitted.label
    torch.testing.assert_close(again.weights, fitted.weights)
    file.write_bytes(b"no lens")
    other = load_model(folder, device="cpu")
    assert linear_lens.known_lens(other) is None
    assert linear_lens.fitting_work(other) > 0 == linear_lens.fitting_work(load(folder, fitted))
    torch.testing.assert_close(linear_lens.fit_lens(other).weights, fitted.weights)


def load(folder, lens):
    """Return a model whose lens is known."""
    model = load_model(folder, device="cpu")
    linear_lens._known[model] = lens
    return model


def test_a_tuned_lens_file_adds_its_map_to_the_state(tiny_model, tmp_path):
    model = tiny_model("llama")
    layers, size = model.facts.layers, model.facts.hidden_size
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for layer in range(layers):
        tensors[f"{layer}.weight"] = torch.randn(size, size, generator=generator) / 10
        tensors[f"{layer}.bias"] = torch.randn(size, generator=generator) / 10
    save_file(tensors, tmp_path / "lens.safetensors")
    run = backend.study_when_it_knew(model, TEXT, lens_file=str(tmp_path / "lens.safetensors"))
    assert run.linear_label == "tuned lens of lens.safetensors"
    state = states_of(model, run)[2][:-1]
    moved = state + torch.nn.functional.linear(state, tensors["2.weight"], tensors["2.bias"])
    expected = entropy(np.exp(log_softmax(model.unembed(model.final_norm(moved)))))
    np.testing.assert_allclose(run.linear_entropy[2, 1:], expected, atol=1e-3)


@pytest.mark.parametrize("content", [b"pickle", None])
def test_a_file_that_is_no_lens_of_this_model_is_refused(content, tiny_model, tmp_path):
    file = tmp_path / "lens.safetensors"
    if content is None:
        save_file({"0.weight": torch.eye(3)}, file)
    else:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"lens\.safetensors"):
        backend.study_when_it_knew(tiny_model("llama"), TEXT, lens_file=str(file))


def test_a_server_that_takes_no_models_takes_no_lenses(tiny_model, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_ANY_MODEL", "false")
    settings.cache_clear()
    with pytest.raises(InputError, match="reads no files"):
        backend.study_when_it_knew(tiny_model("llama"), TEXT, lens_file="/etc/passwd")


def test_coarse_layers_come_first_and_stop_keeps_what_is_there(tiny_model, monkeypatch):
    monkeypatch.setattr(when_it_knew, "COARSE", 2)
    model = tiny_model("llama")
    assert when_it_knew.depths_read(model, backend_request(model), 9) == ([0, 2, 3], [1])
    whole = backend.study_when_it_knew(model, TEXT)
    partials = []

    def stop(progress):
        if progress.partial is not None:
            partials.append(progress.partial.run())
            if len(partials) == 4:
                raise CancelledError("stopped")

    with pytest.raises(CancelledError) as stopped:
        backend.study_when_it_knew(model, TEXT, report=stop)
    run = stopped.value.partial_run
    assert run.stopped
    assert partials[-1].stopped
    assert not whole.stopped
    run.check()
    read = ~np.isnan(run.kl[:, 1])
    assert read.tolist() == [True, False, True, True]
    np.testing.assert_array_equal(run.kl[read], whole.kl[read])
    linear = ~np.isnan(run.linear_kl[:, 1])
    assert 0 < linear.sum() < 3


def backend_request(model, **fields):
    return when_it_knew.WhenItKnewRequest(model=model.spec, text=TEXT, **fields)


def test_a_stop_before_the_first_layer_leaves_no_run(tiny_model):
    def stop(progress):
        if progress.message.startswith("Reading layer"):
            raise CancelledError("stopped")

    with pytest.raises(CancelledError) as stopped:
        backend.study_when_it_knew(tiny_model("llama"), TEXT, report=stop)
    assert stopped.value.partial_run is None


def test_long_texts_are_read_at_every_third_layer_unless_told_otherwise(tiny_model):
    model = tiny_model("llama")

    def depths(tokens, **fields):
        coarse, fine = when_it_knew.depths_read(model, backend_request(model, **fields), tokens)
        return sorted([*coarse, *fine])

    assert depths(1024) == depths(4096, layers="all") == [0, 1, 2, 3]
    assert depths(1025) == depths(9, layers="every 3rd") == [0, 3]


def test_one_token_has_nothing_to_read(tiny_model):
    run = backend.study_when_it_knew(tiny_model("gpt2"), "a")
    assert len(run) == 1
    assert np.isnan(run.kl).all()
    assert (run.top_ids == -1).all()
    run.check()


def test_a_run_comes_back_from_its_file(tiny_model, tmp_path):
    run = backend.study_when_it_knew(tiny_model("llama"), TEXT)
    again = backend.load_run(run.save(tmp_path / "run.safetensors"))
    assert again.linear_label == run.linear_label
    assert again.request == run.request
    np.testing.assert_array_equal(again.linear_top_ids, run.linear_top_ids)
