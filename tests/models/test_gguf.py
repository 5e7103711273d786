"""A GGUF file is converted once, whole or not at all."""

from __future__ import annotations

import multiprocessing
import shutil
import struct
from pathlib import Path

import pytest
import torch

from backend.errors import ModelError
from backend.models import ModelSpec, gguf_convert, load_model, load_tokenizer, memory, weight_bytes
from backend.models.cache import cached_folder
from backend.settings import settings
from tests.models.tiny_gguf import write_gguf


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    yield tmp_path / "cache"
    settings.cache_clear()


@pytest.fixture
def gguf_file(written, tmp_path, own_cache):
    return Path(shutil.copy(written, tmp_path / "tiny.gguf"))


@pytest.fixture
def counted(monkeypatch):
    """Count conversions of weights."""
    made = []
    convert = gguf_convert._convert_weights
    monkeypatch.setattr(
        gguf_convert,
        "_convert_weights",
        lambda path, folder: (made.append(path), convert(path, folder)),
    )
    return made


def load(path):
    return load_model(str(path), device="cpu")


def test_a_converted_model_runs(gguf_file):
    model = load(gguf_file)
    ids = torch.from_numpy(model.tokenizer.encode("The quick brown fox").ids)[None]
    logits = model.unembed(model.hidden_states(ids.long()))
    assert logits.shape == (*ids.shape, model.facts.vocab_size)
    assert logits.isfinite().all()


def test_the_facts_say_how_the_weights_were_stored(gguf_file):
    facts = load(gguf_file).facts
    assert (facts.name, facts.weights, facts.context) == ("tiny", "F32 GGUF", 128)
    assert (facts.layers, facts.heads, facts.kv_heads) == (2, 4, 2)


def test_the_size_in_memory_is_known_before_it_is_converted(gguf_file, counted):
    size = weight_bytes(ModelSpec(source=str(gguf_file), device="cpu"))
    assert counted == []
    model = load(gguf_file).torch_model
    assert size == sum(each.nbytes for each in model.parameters())


def test_the_second_load_does_not_convert_again(gguf_file, counted):
    first, second = load(gguf_file), load(gguf_file)
    assert len(counted) == 1
    ids = torch.arange(8)[None]
    assert torch.equal(first.hidden_states(ids), second.hidden_states(ids))


def test_a_copy_under_another_date_is_the_same_model(gguf_file, counted):
    load(gguf_file)
    (gguf_file.parent / "other").mkdir()
    load(shutil.copyfile(gguf_file, gguf_file.parent / "other" / gguf_file.name))
    assert len(counted) == 1


def test_a_changed_file_is_converted_anew(gguf_file, counted):
    load(gguf_file)
    write_gguf(gguf_file, seed=1)
    load(gguf_file)
    assert len(counted) == 2


def test_the_tokenizer_needs_no_weights(gguf_file, counted):
    assert load_tokenizer(ModelSpec(source=str(gguf_file))).count("hello world") > 1
    assert counted == []


@pytest.mark.parametrize(
    ("rule", "tokens"),
    [("smollm", ["  ", "1"]), ("gpt-2", [" ", " 1"])],
)
def test_text_is_split_by_the_rule_the_file_names(gguf_file, rule, tokens):
    write_gguf(gguf_file, rule=rule)
    tokenizer = load_tokenizer(ModelSpec(source=str(gguf_file)))
    # The tiny vocabulary has all these pieces, so only the rule decides.
    pieces = tokenizer._tokenizer.pre_tokenizer.pre_tokenize_str("  1")
    assert [piece.replace("Ġ", " ") for piece, _ in pieces] == tokens


def test_an_unknown_splitting_rule_is_refused(gguf_file):
    write_gguf(gguf_file, rule="some-new-rule")
    with pytest.raises(ModelError, match="'some-new-rule'"):
        load(gguf_file)


def test_a_truncated_file_is_refused_with_both_sizes(gguf_file):
    whole = gguf_file.stat().st_size
    with gguf_file.open("rb+") as file:
        file.truncate(whole - 1000)
    with pytest.raises(ModelError, match=rf"cut short: {whole - 1000:,} of [\d,]+ bytes"):
        load(gguf_file)


@pytest.mark.parametrize("length", [4, 23, 24, 200, 5000])
def test_a_file_cut_in_its_header_is_refused(gguf_file, length):
    with gguf_file.open("rb+") as file:
        file.truncate(length)
    with pytest.raises(ModelError, match=r"cut short|cannot be read"):
        load(gguf_file)


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a zip file", b"\0" * 100])
def test_what_is_not_gguf_is_refused(gguf_file, content):
    gguf_file.write_bytes(content)
    with pytest.raises(ModelError, match="not a GGUF file"):
        load(gguf_file)


def test_a_header_that_promises_too_much_is_refused(gguf_file):
    gguf_file.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**40, 2**40))
    with pytest.raises(ModelError, match=r"tiny\.gguf"):
        load(gguf_file)


def test_a_file_too_large_to_convert_is_refused_with_both_numbers(gguf_file, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 10)
    with pytest.raises(ModelError, match=r"tiny\.gguf needs .* GB are free"):
        load(gguf_file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no GGUF file"):
        load(tmp_path / "none.gguf")


def test_a_cache_that_cannot_be_written_is_said_with_the_remedy(gguf_file, own_cache):
    own_cache.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="ENTROSCOPE_CACHE_DIR"):
        load(gguf_file)


def test_a_conversion_that_fails_leaves_nothing_to_be_taken_for_whole(tmp_path):
    def fail(folder):
        (folder / "half").write_text("half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        cached_folder(tmp_path / "made", fail)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_what_a_killed_conversion_left_is_removed_and_not_used(tmp_path):
    remains = tmp_path / ".part-made-abc"
    remains.mkdir()
    (remains / "half").write_text("half")
    made = cached_folder(tmp_path / "made", lambda part: (part / "whole").write_text("whole"))
    assert [path.name for path in made.iterdir()] == ["whole"]
    assert not remains.exists()


def _start_together(path, barrier, answers):
    barrier.wait()
    model = load_model(path, device="cpu")
    answers.put(float(model.hidden_states(torch.arange(8)[None]).sum()))


@pytest.mark.slow
def test_two_processes_that_start_at_once_share_one_whole_conversion(gguf_file, own_cache):
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(2), spawn.Queue()
    workers = [
        spawn.Process(target=_start_together, args=(str(gguf_file), barrier, answers))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    first, second = answers.get(timeout=120), answers.get(timeout=120)
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    assert first == second
    (made,) = (own_cache / "models").iterdir()
    assert sorted(path.name for path in made.iterdir() if path.is_dir()) == ["model", "tokenizer"]
