"""Every way to name a model finds it, or says why not."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from transformers import (
    AutoConfig,
    BartConfig,
    BertConfig,
    LlamaConfig,
    RobertaConfig,
    T5Config,
    XLNetConfig,
)

from backend.errors import InputError, ModelError
from backend.models import ModelSpec, load_model, load_tokenizer
from backend.models.load import weight_bytes
from backend.models.sources import SOURCES, source_of
from backend.runs.model import names_hub


@pytest.fixture
def folder(tmp_path):
    """A function: configuration and file names to a folder that looks like a model."""

    def make(config, *files):
        if isinstance(config, dict):
            (tmp_path / "config.json").write_text(json.dumps(config))
        else:
            config.save_pretrained(tmp_path)
        for name in files:
            (tmp_path / name).write_bytes(b"")
        return str(tmp_path)

    return make


def test_the_sources_are_asked_from_the_most_to_the_least_certain():
    places = {name: SOURCES[name].place for name in SOURCES}
    assert sorted(places, key=places.__getitem__) == ["bundled", "live", "gguf", "folder", "hub"]
    assert len(set(places.values())) == len(places)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bundled", "bundled"),
        ("model.gguf", "gguf"),
        ("~/models/model.GGUF", "gguf"),
        ("./model", "folder"),
        ("/models/x", "folder"),
        ("gpt2", "hub"),
        ("HuggingFaceTB/SmolLM2-135M", "hub"),
    ],
)
def test_a_name_is_served_by_the_source_it_is_written_for(name, source):
    assert source_of(name) is SOURCES[source]


@pytest.mark.parametrize("name", ["", "two words", "a/b/c", "https://example.org/model"])
def test_what_is_no_name_of_a_model_is_refused_with_the_ways_to_write_one(name):
    with pytest.raises(InputError, match="'owner/name'"):
        load_model(name)


@pytest.mark.parametrize("name", ["bundled", "none.gguf", "./none"])
def test_a_revision_is_refused_where_there_are_none(name):
    with pytest.raises(InputError, match="'v1'"):
        load_model(name, revision="v1")
    with pytest.raises(InputError, match="only models of the hub"):
        load_tokenizer(ModelSpec(source=name, revision="v1"))


@pytest.mark.parametrize(
    "name",
    ["bundled", "a.gguf", "~/b.GGUF", "./m", "/m", "gpt2", "owner/name", "C:\\models", "live:x"],
)
def test_the_spelling_alone_tells_what_has_revisions(name):
    assert names_hub(name) == source_of(name).has_revisions


def test_a_folder_is_loaded_with_its_facts(tiny_folder):
    model = load_model(str(tiny_folder("llama")), device="cpu")
    facts = model.facts
    assert (facts.name, facts.architecture) == ("llama", "LlamaForCausalLM")
    assert (facts.layers, facts.heads, facts.kv_heads, facts.hidden_size) == (3, 4, 2, 32)
    assert (facts.context, facts.dtype, facts.device) == (512, "float32", "cpu")
    assert (facts.weights, facts.revision) == ("safetensors", None)
    assert facts.memory_bytes >= 4 * facts.parameters
    assert facts.parameters == sum(each.numel() for each in model.torch_model.parameters())


def test_a_whole_spec_can_be_loaded(tiny_folder):
    spec = ModelSpec(source=str(tiny_folder("gpt2")), device="cpu", dtype="bfloat16")
    model = load_model(spec)
    assert model.spec == spec
    assert model.dtype == torch.bfloat16


@pytest.mark.parametrize("family", ["gpt2", "bloom"])
def test_facts_a_configuration_does_not_have_are_filled_in(tiny_model, family):
    facts = tiny_model(family).facts
    assert (facts.heads, facts.kv_heads) == (4, 4)
    assert facts.context == (512 if family == "gpt2" else None)


def test_the_tokenizer_alone_reads_like_the_models(tiny_folder, tiny_model):
    alone = load_tokenizer(ModelSpec(source=str(tiny_folder("qwen3"))))
    text = "The quick fox 123"
    assert (
        alone.encode(text).ids.tolist() == tiny_model("qwen3").tokenizer.encode(text).ids.tolist()
    )


@pytest.mark.parametrize("config", [BertConfig(), RobertaConfig()], ids=["bert", "roberta"])
def test_encoders_are_refused(folder, config):
    with pytest.raises(ModelError, match="is an encoder: it fills gaps"):
        load_model(folder(config, "model.safetensors"))


@pytest.mark.parametrize("config", [T5Config(), BartConfig()], ids=["t5", "bart"])
def test_encoder_decoders_are_refused(folder, config):
    with pytest.raises(ModelError, match="encoder-decoder"):
        load_model(folder(config, "model.safetensors"))


def test_models_that_do_not_read_from_left_to_right_are_refused(folder):
    with pytest.raises(ModelError, match="does not predict the next token"):
        load_model(folder(XLNetConfig(), "model.safetensors"))


def test_remote_code_is_refused_and_not_run(folder, tmp_path):
    ran = tmp_path / "ran"
    config = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config"}}
    path = folder(config, "model.safetensors")
    (tmp_path / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Config: pass\n")
    with pytest.raises(ModelError, match="its own Python code"):
        load_model(path)
    assert not ran.exists()


def test_the_own_code_of_a_tokenizer_is_not_run(tiny_folder, tmp_path):
    ran = tmp_path / "ran"
    for file in tiny_folder("gpt2").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    settings["auto_map"] = {"AutoTokenizer": ["evil.Tokenizer", None]}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    (tmp_path / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Tokenizer: pass\n")
    assert load_tokenizer(ModelSpec(source=str(tmp_path))).count("hello") > 0
    assert not ran.exists()


def test_an_unknown_architecture_is_refused(folder):
    with pytest.raises(ModelError, match="'from_the_future'"):
        load_model(folder({"model_type": "from_the_future"}, "model.safetensors"))


def test_pickled_weights_are_refused(folder):
    with pytest.raises(ModelError, match="pickle"):
        load_model(folder(LlamaConfig(), "pytorch_model.bin"))


def test_a_folder_of_gguf_files_asks_for_one_of_them(folder):
    with pytest.raises(ModelError, match="path of one of them"):
        load_model(folder(LlamaConfig(), "model-Q4.gguf"))


def test_a_folder_without_weights_is_refused(folder):
    with pytest.raises(ModelError, match=r"no \.safetensors"):
        load_model(folder(LlamaConfig()))


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no folder"):
        load_model(str(tmp_path / "none"))


def test_a_folder_that_holds_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        load_model(str(tmp_path))


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_damaged_configuration_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"config\.json"):
        load_model(str(tmp_path))


def test_damaged_weights_are_refused(tiny_folder, tmp_path):
    for file in tiny_folder("gpt2").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "model.safetensors").open("rb+") as file:
        file.truncate(1000)
    with pytest.raises(ModelError, match=r"damaged|cannot be loaded"):
        load_model(str(tmp_path), device="cpu")


@pytest.fixture
def copied(tiny_folder, tmp_path):
    """A copy of a tiny model whose one file of weights is called by what the test gives."""

    def copy(name="model.safetensors"):
        for file in tiny_folder("gpt2").iterdir():
            target = name if file.name == "model.safetensors" else file.name
            (tmp_path / target).write_bytes(file.read_bytes())
        return tmp_path

    return copy


def test_a_second_copy_of_the_weights_does_not_count(copied):
    folder = copied()
    alone = weight_bytes(folder, torch.float32)
    shutil.copy(folder / "model.safetensors", folder / "consolidated.safetensors")
    assert weight_bytes(folder, torch.float32) == alone > 0
    assert weight_bytes(folder, torch.bfloat16) == alone / 2


def test_an_index_says_which_files_count(copied):
    folder = copied("part.safetensors")
    shutil.copy(folder / "part.safetensors", folder / "consolidated.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "part.safetensors", "b": "part.safetensors"}}))
    assert weight_bytes(folder, torch.float32) == 2 * weight_bytes(folder, torch.bfloat16) > 0
    assert weight_bytes(folder, torch.float32) < (folder / "part.safetensors").stat().st_size


@pytest.mark.parametrize("content", ["{", "[]", '{"weight_map": 3}', '{"weight_map": {"a": "no"}}'])
def test_a_damaged_index_is_refused(copied, content):
    folder = copied("part.safetensors")
    (folder / "model.safetensors.index.json").write_text(content)
    with pytest.raises(ModelError, match="damaged"):
        load_model(str(folder), device="cpu")


def test_weights_of_another_shape_are_refused(tiny_folder, tmp_path):
    for file in tiny_folder("gpt2").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = AutoConfig.from_pretrained(tmp_path)
    config.n_embd = 64
    config.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(str(tmp_path), device="cpu")


def test_missing_weights_are_refused_and_not_made_up(tiny_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    for file in tiny_folder("gpt2").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    dropped = next(name for name in tensors if "h.1.mlp.c_fc.weight" in name)
    del tensors[dropped]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"h\.1\.mlp\.c_fc\.weight"):
        load_model(str(tmp_path), device="cpu")


def test_a_missing_tokenizer_is_refused(tiny_folder, tmp_path):
    for file in tiny_folder("gpt2").iterdir():
        if not file.name.startswith(("token", "chat")):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match="tokenizer"):
        load_model(str(tmp_path), device="cpu")
