"""Many texts at once give the numbers of each by itself, and a stopped job goes on where it was."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import backend
from backend.derived.series import summarise
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.models import provenance
from backend.reading import batches
from backend.runs import DatasetRequest
from backend.runs.dataset import MAX_ROWS
from backend.settings import settings
from backend.storage.files import dump_run, parse_run

TEXTS = (
    "The cat sat.",
    "a",
    "é🙂 pieces of characters",
    "A longer text. " * 9,
    "cat",
    "x y z " * 30,
)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def study(model, texts, report=None, **fields):
    return backend.study(
        model, DatasetRequest(model=model.spec, texts=tuple(texts), **fields), report
    )


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "mixtral", "bloom"])
@pytest.mark.parametrize("batch_tokens", [64, 2_048])
def test_a_batch_gives_the_numbers_of_each_text_by_itself(
    tiny_model, family, batch_tokens, monkeypatch
):
    monkeypatch.setattr(batches, "BATCH_TOKENS", batch_tokens)
    monkeypatch.setattr(batches, "BATCH_COST", batch_tokens)  # any amount of padding
    model = tiny_model(family)
    run = study(model, TEXTS)
    for row, text in enumerate(TEXTS):
        alone = backend.study_text(model, text)
        figures = summarise(alone)
        assert run.tokens[row] == figures.tokens
        # Sums in another order: float32 over a few layers.
        for name in ("mean_entropy", "mean_surprisal", "bits_per_byte"):
            expected = getattr(figures, name)
            np.testing.assert_allclose(getattr(run, name)[row], expected, atol=2e-5, rtol=1e-5)
        np.testing.assert_allclose(run.perplexity[row], figures.perplexity, rtol=1e-4)
        if figures.scored:
            np.testing.assert_allclose(run.max_entropy[row], np.nanmax(alone.entropy), atol=2e-5)


def test_batches_hold_every_row_once_and_little_padding():
    lengths = dict(enumerate(np.random.default_rng(0).integers(1, 200, 500).tolist()))
    planned = batches.plan_batches(lengths, padding=32)
    assert sorted(row for batch in planned for row in batch) == sorted(lengths)
    for batch in planned:
        tokens = [lengths[row] for row in batch]
        assert len(batch) * tokens[0] <= batches.BATCH_TOKENS
        assert tokens == sorted(tokens, reverse=True)
        assert len(batch) * tokens[0] - sum(tokens) <= 32


def test_a_text_longer_than_a_batch_is_read_by_itself():
    assert batches.plan_batches({0: 3, 1: 5_000, 2: 3}, padding=32) == [[1], [0, 2]]
    assert batches.plan_batches({}, padding=32) == []


def test_the_beginning_of_sequence_token_scores_the_first_token_too(tiny_model):
    model = tiny_model("llama")
    run = study(model, ["cat"], add_bos=True)
    alone = summarise(backend.study_text(model, "cat", add_bos=True))
    assert run.bits_per_byte[0] == pytest.approx(alone.bits_per_byte, rel=1e-5)


def test_a_text_that_cannot_be_read_says_why_and_spoils_no_other(tiny_model):
    model = tiny_model("llama")
    run = study(model, ["", "The cat sat.", "a b " * 9_000, "half \ud800"])
    assert set(run.problems) == {"0", "2", "3"}
    assert run.problems["0"] == "There is no text."
    assert f"this model reads {model.facts.context:,}" in run.problems["2"]
    assert "surrogate" in run.problems["3"]
    assert np.isfinite(run.mean_entropy).tolist() == [False, True, False, False]


@pytest.mark.model
def test_a_character_without_a_token_spoils_its_own_row_only(bundled_model):
    run = study(bundled_model, ["The cat sat.", "a\x04b", "Another cat sat.", "\x04"])
    assert set(run.problems) == {"1", "3"}
    assert "U+0004 at position 1" in run.problems["1"]
    assert "U+0004 at position 0" in run.problems["3"]
    assert np.isfinite(run.mean_entropy).tolist() == [True, False, True, False]
    assert run.tokens[1] == 0


def test_limits_are_told_with_both_numbers(tiny_model):
    model = tiny_model("llama")
    with pytest.raises(InputError, match="at least one"):
        study(model, [])
    with pytest.raises(OverBudgetError, match=r"10,001 texts; a data set has at most 10,000"):
        study(model, ["a"] * (MAX_ROWS + 1))
    with pytest.raises(OverBudgetError, match=r"9,000,000 bytes together"):
        study(model, ["a" * 9_000_000])


def test_a_data_set_run_survives_its_file(tiny_model):
    run = study(tiny_model("llama"), TEXTS)
    back = parse_run(dump_run(run), "x")
    assert back.request == run.request
    np.testing.assert_array_equal(back.bits_per_byte, run.bits_per_byte)


def stop_after(rows: int):
    def report(progress):
        if progress.done >= rows:
            raise CancelledError("The study was stopped.")

    return report


def test_a_stopped_job_keeps_its_rows_and_reads_only_the_rest(tiny_model, monkeypatch):
    monkeypatch.setattr(batches, "BATCH_TOKENS", 1)
    model = tiny_model("llama")
    whole = study(model, TEXTS, add_bos=True)
    with pytest.raises(CancelledError):
        study(model, TEXTS, stop_after(3))
    done = []
    study(model, TEXTS, lambda progress: done.append(progress.done))
    assert done[0] == 3
    assert done[-1] == len(TEXTS)
    assert whole.tokens.sum() == study(model, TEXTS).tokens.sum() + len(TEXTS)


def test_what_is_measured_so_far_is_a_data_set_of_its_own(tiny_model, monkeypatch):
    monkeypatch.setattr(batches, "BATCH_TOKENS", 1)
    seen = []
    run = study(tiny_model("llama"), TEXTS, seen.append)
    partial = next(each.partial for each in seen if each.done == 3)
    assert len(partial) == 3
    rows = [run.request.texts.index(text) for text in partial.request.texts]
    np.testing.assert_array_equal(partial.mean_entropy, run.mean_entropy[rows])
    np.testing.assert_array_equal(partial.tokens, run.tokens[rows])
    assert parse_run(dump_run(partial), "x").request == partial.request


def test_progress_tells_the_time_that_is_left(tiny_model, monkeypatch):
    monkeypatch.setattr(batches, "BATCH_TOKENS", 1)
    messages = []
    study(tiny_model("llama"), TEXTS, lambda progress: messages.append(progress.message))
    assert messages[:2] == ["Counting tokens: 0 of 6 texts", "0 of 6 texts"]
    assert any("left" in each for each in messages)
    assert messages[-1] == "6 of 6 texts"


def test_rows_of_another_model_are_not_taken_over(tiny_model, data_folder):
    model = tiny_model("llama")
    first = study(model, ["The cat sat."])
    (log,) = (data_folder / "datasets").glob("*.jsonl")
    head, *rest = log.read_text().splitlines()
    log.write_text(
        head.replace('"parameters": ', '"parameters": 1') + "\n" + "\n".join(rest) + "\n"
    )
    assert study(model, ["The cat sat."]).mean_entropy == first.mean_entropy
    assert log.read_text().splitlines()[0] == head


@pytest.mark.parametrize("change", ["weights", "versions"])
def test_rows_of_other_weights_or_libraries_are_not_taken_over(tiny_folder, monkeypatch, change):
    model = backend.load_model(str(tiny_folder("llama")), device="cpu")
    before = study(model, ["The cat sat."])
    if change == "weights":
        with torch.no_grad():
            model.torch_model.get_input_embeddings().weight.mul_(2)
        assert study(model, ["The cat sat."]).mean_entropy != before.mean_entropy
    else:
        done = []
        monkeypatch.setattr(provenance, "VERSION", "another")
        study(model, ["The cat sat."], lambda progress: done.append(progress.done))
        assert done[0] == 0


@pytest.mark.parametrize("damage", [b'{"rows": [[1, {"tok', b"\xff\xfe", b"null\n", b"[]\n"])
def test_a_damaged_log_costs_rows_but_never_the_job(tiny_model, data_folder, damage):
    model = tiny_model("llama")
    whole = study(model, TEXTS)
    (log,) = (data_folder / "datasets").glob("*.jsonl")
    with log.open("ab") as file:
        file.write(damage)
    np.testing.assert_array_equal(study(model, TEXTS).mean_entropy, whole.mean_entropy)
    for line in log.read_text().splitlines():
        json.loads(line)


@pytest.mark.slow
def test_a_killed_job_goes_on_where_it_was(tiny_folder, data_folder, monkeypatch):
    folder = str(tiny_folder("llama"))
    texts = tuple(f"Text number {number}. " * (number % 5 + 1) for number in range(400))
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(folder, texts))
    process.start()
    log = data_folder / "datasets"
    while not any(path.read_bytes().count(b"\n") > 3 for path in log.glob("*.jsonl")):
        assert process.is_alive()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    model = backend.load_model(folder, device="cpu")
    done = []
    run = study(model, texts, lambda progress: done.append(progress.done))
    assert 0 < done[0] < len(texts)
    assert np.isfinite(run.mean_entropy).all()


def _work(folder: str, texts: tuple[str, ...]) -> None:
    batches.BATCH_TOKENS = 16
    study(backend.load_model(folder, device="cpu"), texts)
