"""A model in memory is studied where and as it is, and can go on training afterwards."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import backend
from backend.errors import InputError, ModelError
from backend.models import ModelSpec

TEXT = "The quick brown fox"


@pytest.fixture
def parts(tiny_folder):
    """A tiny model in training mode, as its owner has it, and its tokenizer."""
    folder = tiny_folder("gpt2")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.train(), AutoTokenizer.from_pretrained(folder)


def hooks(model):
    return [
        (dict(each._forward_hooks), dict(each._forward_pre_hooks), dict(each._backward_hooks))
        for each in model.modules()
    ]


def test_it_gives_the_numbers_of_the_same_model_loaded_from_its_folder(parts, tiny_model):
    live = backend.load_model(parts[0], tokenizer=parts[1], name="step 4000")
    ours, known = (backend.study_text(each, TEXT) for each in (live, tiny_model("gpt2")))
    np.testing.assert_array_equal(ours.entropy, known.entropy)
    assert (ours.model.name, ours.model.source) == ("step 4000", "live:step 4000")


@pytest.mark.parametrize("kind", ["text", "attention", "residual_norms", "when_it_knew"])
def test_modes_hooks_attention_and_dropout_are_those_of_before(parts, kind):
    model, tokenizer = parts
    model.transformer.h[1].eval()  # a part that its owner froze
    handle = model.transformer.h[0].register_forward_hook(lambda *_: None)
    before = [each.training for each in model.modules()], hooks(model)
    attention = model.config._attn_implementation
    state = torch.random.get_rng_state()
    live = backend.load_model(model, tokenizer=tokenizer, name="step 1")
    getattr(backend, f"study_{kind}")(live, TEXT)
    assert ([each.training for each in model.modules()], hooks(model)) == before
    assert model.config._attn_implementation == attention
    assert torch.equal(torch.random.get_rng_state(), state)
    handle.remove()


def test_the_mode_is_put_back_after_a_study_that_was_stopped(parts):
    def stop(progress):
        raise backend.errors.CancelledError

    live = backend.load_model(parts[0], tokenizer=parts[1], name="step 1")
    with pytest.raises(backend.errors.CancelledError):
        backend.study_text(live, TEXT, report=stop)
    assert all(each.training for each in parts[0].modules())


def test_weights_stay_the_same_objects_and_can_be_trained_after_a_study(parts):
    model, tokenizer = parts
    weights = {name: id(each) for name, each in model.named_parameters()}
    live = backend.load_model(model, tokenizer=tokenizer, name="step 1")
    first = backend.study_text(live, TEXT)
    ids = torch.tensor([tokenizer(TEXT)["input_ids"]])
    model(input_ids=ids, labels=ids).loss.backward()
    torch.optim.SGD(model.parameters(), 0.5).step()
    second = backend.study_text(live, TEXT)
    assert {name: id(each) for name, each in model.named_parameters()} == weights
    assert not np.allclose(first.entropy[1:], second.entropy[1:])
    assert first.model.weights != second.model.weights
    assert first.model.weights.startswith("in memory, fingerprint ")


def test_it_is_neither_moved_nor_cast(parts):
    model = parts[0].to(torch.bfloat16)
    run = backend.study_text(backend.load_model(model, tokenizer=parts[1], name="half"), TEXT)
    assert {each.dtype for each in model.parameters()} == {torch.bfloat16}
    assert run.model.dtype == "bfloat16"


def test_padding_and_truncation_of_the_tokenizer_stay(parts):
    tokenizer = parts[1]
    tokenizer.backend_tokenizer.enable_truncation(2)
    run = backend.study_text(backend.load_model(parts[0], tokenizer=tokenizer, name="s"), TEXT)
    assert len(run) > 2
    assert tokenizer.backend_tokenizer.truncation["max_length"] == 2


def test_the_model_inside_the_wrappers_of_training_is_found(parts):
    class Wrapper(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.module = model

    class Adapted(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.base_model = model

        def get_base_model(self):
            return self.base_model

    wrapped = Adapted(Wrapper(parts[0]))
    live = backend.load_model(wrapped, tokenizer=parts[1], name="step 1")
    assert live.torch_model is parts[0]


def test_two_states_of_one_training_can_be_compared(parts):
    later = copy.deepcopy(parts[0])
    with torch.no_grad():
        later.transformer.h[0].mlp.c_fc.weight.mul_(0.5)
    runs = [
        backend.study_text(backend.load_model(each, tokenizer=parts[1], name=f"step {step}"), TEXT)
        for step, each in enumerate((parts[0], later))
    ]
    assert runs[0].request.key != runs[1].request.key
    assert np.array_equal(runs[0].token_ids, runs[1].token_ids)


def test_what_is_no_such_model_or_lacks_something_is_refused_in_one_sentence(parts):
    with pytest.raises(ModelError, match="A Linear is not a model of transformers"):
        backend.load_model(torch.nn.Linear(2, 2), tokenizer=parts[1], name="x")
    with pytest.raises(InputError, match="needs its tokenizer"):
        backend.load_model(parts[0], name="x")
    with pytest.raises(InputError, match="needs a name"):
        backend.load_model(parts[0], tokenizer=parts[1])
    with pytest.raises(InputError, match="stays as it is"):
        backend.load_model(parts[0], tokenizer=parts[1], name="x", dtype="bfloat16")
    with pytest.raises(InputError, match="Only a model in memory"):
        backend.load_model("bundled", name="x")


def test_a_saved_run_of_one_says_that_its_model_is_gone(parts, tmp_path):
    live = backend.load_model(parts[0], tokenizer=parts[1], name="step 4000")
    run = backend.load_run(backend.study_text(live, TEXT).save(tmp_path / "run.safetensors"))
    with pytest.raises(ModelError, match="'step 4000' was a model in the memory"):
        backend.load_model(run.request.model)
    assert run.request.model == ModelSpec("live:step 4000", device="cpu", dtype="float32")
