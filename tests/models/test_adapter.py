"""A folder with a LoRA adapter is its base with the adapter added, or refused with the reason."""

from __future__ import annotations

import json
import math
import os
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModelForCausalLM

import backend
from backend.errors import ModelError
from backend.models import ModelSpec, is_here, load_model, load_tokenizer
from backend.storage.stamps import stamp

TEXT = "The quick brown fox"
# What a file of PEFT 0.21 says of a plain LoRA adapter.
PLAIN = {
    "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 6, "bias": "none",
    "inference_mode": True, "init_lora_weights": True, "lora_dropout": 0.1, "use_dora": False,
    "use_rslora": False, "alpha_pattern": {}, "rank_pattern": {}, "loftq_config": {},
    "modules_to_save": None, "fan_in_fan_out": False, "peft_version": "0.21.2", "revision": None,
    "target_modules": ["q_proj", "up_proj"], "megatron_core": "megatron.core",
}  # fmt: skip


@pytest.fixture
def adapter(tmp_path, tiny_folder):
    """A function: base family, targets and what the configuration says more, to a folder."""

    def make(family="llama", targets=("model.layers.0.self_attn.q_proj",), whole=None, **more):
        folder = tmp_path / "tuned"
        folder.mkdir(exist_ok=True)
        base = tiny_folder(family)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        generator = torch.Generator().manual_seed(7)
        tensors = {f"base_model.model.{name}": each for name, each in (whole or {}).items()}
        for path in targets:
            module = model.get_submodule(path)
            rows, columns = module.weight.shape
            if isinstance(module, nn.Embedding):
                rows, columns, marks = columns, rows, ("embedding_A", "embedding_B")
            else:
                rows, columns = (
                    (rows, columns) if isinstance(module, nn.Linear) else (columns, rows)
                )
                marks = ("A.weight", "B.weight")
            shapes = (2, columns), (rows, 2)
            for mark, shape in zip(marks, shapes, strict=True):
                key = f"base_model.model.{path}.lora_{mark}"
                tensors[key] = torch.randn(shape, generator=generator)
        save_file(tensors, folder / "adapter_model.safetensors")
        config = {**PLAIN, "base_model_name_or_path": str(base), **more}
        (folder / "adapter_config.json").write_text(json.dumps(config))
        return folder, tensors

    return make


def logits(model, ids):
    return model.unembed(model.hidden_states(ids))


def by_layers(base, tensors, scale, ids):
    """Return the logits where each adapted layer adds s·B(A(x)) to its output, in float64."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float64)
    named = {key.removeprefix("base_model.model."): each.double() for key, each in tensors.items()}
    for key in [each for each in named if each.endswith("lora_A.weight")]:
        path = key.removesuffix(".lora_A.weight")
        a, b = named[key], named[f"{path}.lora_B.weight"]
        model.get_submodule(path).register_forward_hook(
            lambda _, given, output, a=a, b=b: output + scale * given[0] @ a.T @ b.T
        )
    for key in [each for each in named if each.endswith("lora_embedding_A")]:
        path = key.removesuffix(".lora_embedding_A")
        a, b = named[key], named[f"{path}.lora_embedding_B"]
        model.get_submodule(path).register_forward_hook(
            lambda _, given, output, a=a, b=b: output + scale * a.T[given[0]] @ b.T
        )
    with torch.no_grad():
        return model(input_ids=ids).logits


@pytest.mark.parametrize(
    ("family", "targets"),
    [
        ("llama", ["model.layers.0.self_attn.q_proj", "model.layers.2.mlp.up_proj"]),
        ("gpt2", ["transformer.h.0.attn.c_attn", "transformer.h.1.mlp.c_proj"]),
        ("llama", ["lm_head", "model.embed_tokens"]),
        ("qwen3", ["model.embed_tokens"]),  # tied: the head stays that of the base
        ("qwen3", ["lm_head"]),
    ],
)
@pytest.mark.parametrize("rslora", [False, True])
def test_it_computes_what_layers_with_a_side_path_compute(
    adapter, tiny_folder, family, targets, rslora
):
    folder, tensors = adapter(family, targets, use_rslora=rslora)
    ids = torch.arange(3, 15)[None]
    scale = 6 / math.sqrt(2) if rslora else 6 / 2
    known = by_layers(tiny_folder(family), tensors, scale, ids)
    ours = logits(load_model(str(folder), device="cpu"), ids).double()
    plain = logits(load_model(str(tiny_folder(family)), device="cpu"), ids).double()
    # float32 sums of 32 to 64 numbers in another order; the adapter moves logits by far more.
    spread = known.abs().max().item()
    assert (ours - known).abs().max().item() < 2e-5 * spread
    assert (plain - known).abs().max().item() > 1e-2 * spread


def test_a_scale_of_its_own_counts_for_the_parts_it_names(adapter, tiny_folder):
    targets = ["model.layers.0.self_attn.q_proj"]
    folder, tensors = adapter("llama", targets, alpha_pattern={"layers.0.self_attn.q_proj": 10})
    ids = torch.arange(3, 9)[None]
    known = by_layers(tiny_folder("llama"), tensors, 10 / 2, ids)
    ours = logits(load_model(str(folder), device="cpu"), ids).double()
    assert (ours - known).abs().max().item() < 2e-5 * known.abs().max().item()


def test_parts_that_were_trained_whole_are_put_in_place(adapter, tiny_folder):
    head = torch.randn(load_model(str(tiny_folder("qwen3"))).facts.vocab_size, 32)
    folder, _ = adapter("qwen3", (), whole={"lm_head.weight": head}, modules_to_save=["lm_head"])
    model = load_model(str(folder), device="cpu").torch_model
    assert torch.equal(model.get_output_embeddings().weight, head)
    assert not torch.equal(model.get_input_embeddings().weight, head)


def test_its_facts_say_what_it_is(adapter):
    facts = load_model(str(adapter()[0]), device="cpu").facts
    assert (facts.name, facts.weights) == ("tuned", "safetensors of llama, LoRA added")
    assert facts.revision is None


def test_a_study_reads_it_and_the_tokenizer_comes_from_the_base_or_the_folder(adapter, tiny_folder):
    folder, _ = adapter()
    base = load_tokenizer(ModelSpec(str(tiny_folder("llama"))))
    assert load_tokenizer(ModelSpec(str(folder))).definition == base.definition
    assert is_here(ModelSpec(str(folder)))
    model = load_model(str(folder), device="cpu")
    assert np.isfinite(backend.study_text(model, TEXT).entropy[1:]).all()
    shutil.copy(tiny_folder("gpt2") / "tokenizer.json", folder)
    own = load_tokenizer(ModelSpec(str(folder)))
    assert own.definition == load_tokenizer(ModelSpec(str(tiny_folder("gpt2")))).definition


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"peft_type": "PROMPT_TUNING"}, "kind 'PROMPT_TUNING'. Only LoRA"),
        ({"use_dora": True}, "use_dora, which is more than a sum"),
        ({"lora_bias": True}, "lora_bias"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices"),
        ({"something_of_next_year": True}, "something_of_next_year"),
        ({"init_lora_weights": "pissa"}, "'pissa', which changes the base"),
        ({"task_type": "SEQ_CLS"}, "'SEQ_CLS', not for predicting"),
        ({"alpha_pattern": {"(a+)+": 3}}, "by patterns"),
        ({"base_model_name_or_path": None}, "does not name the model"),
        ({"base_model_name_or_path": "two words"}, "does not name its base"),
        ({"base_model_name_or_path": "/none"}, "There is no folder"),
        ({"base_model_name_or_path": "live:step 1"}, "was a model in the memory"),
    ],
)
def test_what_cannot_be_added_exactly_is_refused_with_the_reason(adapter, more, reason):
    folder, _ = adapter(**more)
    with pytest.raises(ModelError, match=reason):
        load_model(str(folder))


def test_an_adapter_that_does_not_fit_its_base_is_refused(adapter, tiny_folder):
    folder, _ = adapter(base_model_name_or_path=str(tiny_folder("gpt2")))
    with pytest.raises(ModelError, match=r"does not fit .*q_proj"):
        load_model(str(folder))
    folder, _ = adapter(whole={"lm_head.weight": torch.zeros(3, 32)})
    with pytest.raises(ModelError, match=r"keeps lm_head.weight \[3, 32\]"):
        load_model(str(folder))


def test_a_pickled_adapter_is_refused_and_not_opened(adapter):
    folder, _ = adapter()
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(ModelError, match="pickle file only"):
        load_model(str(folder))


def test_an_adapter_beside_a_whole_model_is_refused(adapter, tiny_folder):
    folder, _ = adapter()
    shutil.copy(tiny_folder("llama") / "model.safetensors", folder)
    with pytest.raises(ModelError, match="Give each its own folder"):
        load_model(str(folder))


def test_an_adapter_of_an_adapter_is_refused(adapter, tmp_path):
    folder, _ = adapter()
    shutil.copytree(folder, tmp_path / "first")
    adapter(base_model_name_or_path="../first")
    with pytest.raises(ModelError, match="first, which is an adapter itself"):
        load_model(str(folder))


def test_a_changed_base_is_read_again(adapter, tiny_folder, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(tiny_folder("llama"), base)
    folder, _ = adapter(base_model_name_or_path="../base")
    before = stamp(ModelSpec(str(folder)))
    os.utime(base / "model.safetensors", ns=(1, 1))
    assert stamp(ModelSpec(str(folder))) != before
