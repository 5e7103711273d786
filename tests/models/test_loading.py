"""Loading tells what it is doing, with numbers, and can be stopped between two of them."""

from __future__ import annotations

import shutil

import pytest

from backend.errors import CancelledError
from backend.models import load_model
from backend.models.cache import FileLock, cached_folder
from backend.models.loading import reporting_to
from backend.settings import settings
from tests.models.tiny_gguf import write_gguf


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def gguf_file(tmp_path, own_cache):
    return write_gguf(tmp_path / "tiny.gguf")


def told(path):
    """Load a model and return every report."""
    seen = []
    with reporting_to(seen.append):
        load_model(str(path), device="cpu")
    return seen


def test_weights_are_counted(tiny_folder):
    seen = told(tiny_folder("llama"))
    assert seen[0].message == "Loading llama …"
    counted = [each for each in seen if each.total]
    total = counted[0].total
    assert counted[2].message == f"Loading llama: weight 3 of {total}"
    assert [each.done for each in counted] == list(range(total))


def test_a_conversion_counts_tensors_and_is_told_before_the_loading(gguf_file):
    messages = [each.message.split(" 1 of ")[0] for each in told(gguf_file)]
    steps = [
        "Reading tiny.gguf …",
        "Converting the tokenizer of tiny.gguf …",
        "Converting tiny.gguf: tensor",
        "Converting tiny.gguf: weight",
        "Loading tiny: weight",
    ]
    assert [each for each in messages if each in steps] == steps


def test_nothing_is_drawn_on_the_terminal(gguf_file, capfd):
    load_model(str(gguf_file), device="cpu")
    assert "it/s" not in capfd.readouterr().err


def test_bars_of_others_are_left_as_they_are(capfd):
    from transformers.utils import logging

    assert list(logging.tqdm([1, 2], desc="Mine")) == [1, 2]
    assert "Mine" in capfd.readouterr().err


def test_a_stop_between_two_tensors_leaves_no_half_conversion(gguf_file, tmp_path):
    def stop(progress):
        if progress.message.startswith("Converting tiny.gguf: tensor 2 of"):
            raise CancelledError("stopped")

    with pytest.raises(CancelledError), reporting_to(stop):
        load_model(str(gguf_file), device="cpu")
    made = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_dir()]
    assert "model" not in made
    assert not any(name.startswith(".part") for name in made)
    assert load_model(str(gguf_file), device="cpu").facts.name == "tiny"


def test_waiting_for_another_process_is_told_and_can_be_stopped(tmp_path):
    def stop(progress):
        assert "another process" in progress.message
        raise CancelledError("stopped")

    with FileLock(tmp_path / "made.lock"), reporting_to(stop), pytest.raises(CancelledError):
        cached_folder(tmp_path / "made", lambda part: shutil.rmtree(part))
