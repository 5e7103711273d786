"""Checkpoints: one text by a list of models, one in memory at a time."""

from __future__ import annotations

import gc
import json
import weakref

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import backend
from backend.__main__ import main
from backend.derived import number
from backend.errors import CancelledError, InputError, ModelError
from backend.models.offers import check_work
from backend.runs import ModelSpec
from backend.runs.checkpoints import CheckpointsRequest
from backend.runs.model import read_spec, written_spec
from backend.storage.files import load_run
from backend.storage.permalink import decode, encode, exact_request
from backend.storage.stamps import stamps
from backend.studies import checkpoints as study
from tests.tiny_models import build

TEXT = "The quick brown fox läuft over the lazy dog."
NUMBERS = ("surprisal", "entropy", "varentropy", "rank")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three checkpoints of one net, as real folders: the weights grow from one to the next."""
    root = tmp_path_factory.mktemp("checkpoints")
    first = build("llama", root / "step_0")
    for step in (1, 2):
        net = AutoModelForCausalLM.from_pretrained(first)
        with torch.no_grad():
            for each in net.parameters():
                each.mul_(1 + step / 4)
        folder = root / f"step_{step}"
        net.save_pretrained(folder)
        for file in first.glob("*token*"):
            (folder / file.name).write_bytes(file.read_bytes())
    return [root / f"step_{step}" for step in range(3)]


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return build("gpt2", tmp_path_factory.mktemp("other"))


def asked(folders, **given):
    return CheckpointsRequest(text=TEXT, checkpoints=tuple(map(str, folders)), **given)


@pytest.fixture(scope="module")
def run(folders):
    return backend.study(None, asked(folders))


def test_every_checkpoint_has_what_the_text_study_finds_with_it(folders, run):
    assert run.names == ["step_0", "step_1", "step_2"]
    for place, folder in enumerate(folders):
        alone = backend.study_text(backend.load_model(str(folder)), TEXT)
        assert run.tokens == alone.tokens
        for name in NUMBERS:
            np.testing.assert_array_equal(getattr(run, name)[place], getattr(alone, name))


def test_means_and_surprisal_by_byte_follow_from_the_tokens(run):
    known = run.surprisal[:, 1:].astype(np.float64)
    np.testing.assert_allclose(number(run, "mean_surprisal").values, known.mean(1), rtol=1e-6)
    octets = len(TEXT[run.offsets[1, 0] :].encode())
    np.testing.assert_allclose(number(run, "by_byte").values, known.sum(1) / octets, rtol=1e-6)
    right = (run.rank[:, 1:] == 1).mean(1)
    np.testing.assert_allclose(number(run, "right").values, right)
    change = number(run, "change").values
    np.testing.assert_allclose(change[1:], known[-1] - known[0], atol=1e-6)
    assert np.isnan(change[0])


def test_one_model_is_in_memory_at_a_time(folders, monkeypatch):
    alive: list[weakref.ref] = []
    load = study.load_model

    def watched(spec):
        gc.collect()
        assert not [each for each in alive if each() is not None]
        model = load(spec)
        alive.append(weakref.ref(model.torch_model))
        return model

    monkeypatch.setattr(study, "load_model", watched)
    backend.study(None, asked(folders))
    assert len(alive) == 3


def test_the_progress_names_the_checkpoint_and_brings_those_that_are_read(folders):
    heard = []
    backend.study(None, asked(folders), heard.append)
    assert any(each.message.startswith("Checkpoint 2 of 3, step_1: ") for each in heard)
    assert [each.done for each in heard if each.partial] == [1000, 2000, 3000]
    assert [each.partial.names[-1] for each in heard if each.partial] == [
        "step_0", "step_1", "step_2",
    ]  # fmt: skip
    assert heard[-1].total == 3000


def test_a_stop_leaves_the_checkpoints_that_were_read(folders):
    def stop(progress):
        if "Checkpoint 2 of 3, step_1: loading" in progress.message:
            raise CancelledError("The study was stopped.")

    with pytest.raises(CancelledError) as stopped:
        backend.study(None, asked(folders), stop)
    partial = stopped.value.partial_run
    assert partial.names == ["step_0"]
    partial.check()


def test_a_missing_checkpoint_is_named_before_anything_is_loaded(folders, monkeypatch):
    monkeypatch.setattr(study, "load_model", lambda spec: pytest.fail("loaded"))
    gone = folders[0].parent / "step_9"
    with pytest.raises(ModelError, match=r"^Checkpoint 2 of 2, step_9: There is no folder"):
        backend.study(None, asked([folders[0], gone]))


def test_other_tokens_are_refused_with_both_counts(folders, other):
    with pytest.raises(InputError, match=r"cuts this text into other tokens than step_0 \(\d+ and"):
        backend.study(None, asked([folders[0], other]))


def test_the_same_checkpoint_twice_is_refused(folders):
    with pytest.raises(InputError, match="step_0 #2 is named twice"):
        backend.study(None, asked([folders[0], folders[0]]))


@pytest.mark.parametrize(
    ("line", "spec"),
    [
        ("bundled", ModelSpec()),
        ("bundled in float16", ModelSpec(dtype="float16")),
        ("owner/name@step1000", ModelSpec("owner/name", "step1000")),
        ("owner/name@a in bfloat16", ModelSpec("owner/name", "a", dtype="bfloat16")),
        ("./run@home/step in 3", ModelSpec("./run@home/step in 3")),
    ],
)
def test_a_line_names_a_model_and_back(line, spec):
    assert read_spec(line) == spec
    assert written_spec(spec) == line


@pytest.mark.parametrize("line", ["", "  ", "owner/name@", "@main"])
def test_a_line_without_a_model_is_refused(line):
    with pytest.raises(InputError):
        read_spec(line)


def test_revisions_of_one_model_are_called_by_their_revisions():
    request = CheckpointsRequest(text="a", checkpoints=("a/b@step1", "a/b@step2"))
    assert request.names == ["step1", "step2"]


def test_a_server_checks_every_checkpoint(folders):
    seen = []
    check_work(asked(folders), seen.append, files=False)
    assert [each.source for each in seen if each.source] == list(map(str, folders))


def test_files_of_every_checkpoint_are_looked_at(folders):
    assert [bool(each) for each in stamps(asked(folders))] == [False, True, True, True]


def test_a_link_and_a_file_have_the_same_request(folders, run, tmp_path):
    code = encode(exact_request(run))
    assert code is not None
    assert [each.source for each in decode(code).checkpoints] == list(map(str, folders))
    again = load_run(run.save(tmp_path / "run.safetensors"))
    assert again.request == run.request
    np.testing.assert_array_equal(again.surprisal, run.surprisal)


def test_the_shell_takes_one_model_after_the_other(folders, run, tmp_path, capsys):
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    models = [part for each in folders for part in ("--model", str(each))]
    files = ["--text-file", str(tmp_path / "text.txt"), "--out", str(tmp_path / "run.safetensors")]
    assert main(["checkpoints", *models, *files, "--json", str(tmp_path / "run.json")]) == 0
    assert "step_2: surprisal" in capsys.readouterr().out
    plain = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert plain["tokens"] == run.tokens
    found = load_run(tmp_path / "run.safetensors")
    np.testing.assert_array_equal(found.entropy, run.entropy)


def test_revisions_of_a_folder_are_refused_in_one_line(folders, tmp_path, capsys):
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    files = ["--text-file", str(tmp_path / "text.txt"), "--out", str(tmp_path / "run.safetensors")]
    assert main(["checkpoints", "--model", str(folders[0]), "--revision", "a", *files]) == 2
    assert "--revision belongs to one --model of the hub" in capsys.readouterr().err
