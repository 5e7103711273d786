"""What the attention study needs, and what it says beforehand that it will."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import psutil
import pytest

import backend
from backend.errors import OverBudgetError
from backend.reading.reader import reading_bytes
from backend.reading.windows import one_window
from backend.runs.attention import AttentionRequest
from backend.settings import settings
from backend.studies import STUDIES
from backend.taps.attention import AttentionRowsTap, AttentionTap
from tests.studies.attention_models import build

TEXT = "The quick brown fox jumps over the lazy dog. 12345 sea shells on the sea shore."


@contextmanager
def peak_memory():
    """Yield a list that will hold by how many bytes this process grew at most."""
    process, peak, done = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss

    def watch():
        while not done.wait(0.002):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("window", [None, 512])
def test_a_long_text_never_needs_the_matrix_of_a_layer(window, tmp_path):
    model = build(
        tmp_path,
        "MistralConfig",
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=4200,
        sliding_window=window,
    )
    backend.study_attention(model, TEXT)
    with peak_memory() as peak:
        run = backend.study_attention(model, "0" * 4096)
    assert len(run) >= 4000
    # Half of what the weights of all heads of one single layer would take in float32.
    assert peak[0] < 8 * 4096**2 * 4 / 2


def needed(model, tokens, tap=None):
    """Return the estimate of a reading that is watched by one tap."""
    return reading_bytes(model, tokens, one_window(tokens), [tap or AttentionTap()])


def test_the_estimate_grows_faster_than_the_text(tiny_model):
    model, study = tiny_model("gpt2"), STUDIES["attention"]
    short, long = (
        study.estimate(model, AttentionRequest(model=model.spec, text=TEXT * times))
        for times in (1, 4)
    )
    assert long.work > 4 * short.work > 0
    assert long.bytes > short.bytes


def test_the_estimate_counts_the_rows_that_are_kept(tiny_model):
    model = tiny_model("gpt2")
    rows = 8 * model.facts.layers * model.facts.heads * 4
    growth = [
        needed(model, 2000, tap) - needed(model, 1000, tap) for tap in (AttentionRowsTap(), None)
    ]
    assert growth[0] - growth[1] == 1000 * rows


@pytest.mark.parametrize(("family", "square"), [("llama", 0), ("mistral", 2), ("bloom", 64)])
def test_the_estimate_counts_what_a_layer_holds_for_every_pair_of_tokens(
    family, square, tiny_model
):
    model = tiny_model(family)
    more, tokens = 20_000_000, 10_000_000  # so many that no machine has threads enough to matter
    linear = (more - tokens) * model.facts.hidden_size * 18 * 4
    growth = needed(model, more) - needed(model, tokens)
    assert growth - linear == square * (more**2 - tokens**2)


def test_the_estimate_of_a_family_with_its_own_function_counts_its_strips(tiny_model):
    assert needed(tiny_model("gemma2"), 40_000) > needed(tiny_model("mistral"), 40_000)


@pytest.mark.parametrize(("spare", "match"), [(1000, "GB.*overview"), (-1, "GB.*shorter")])
def test_a_pattern_over_the_memory_limit_is_refused_with_both_numbers(
    spare, match, tiny_model, monkeypatch
):
    model = tiny_model("llama")
    tokens = len(backend.study_attention(model, TEXT))
    monkeypatch.setenv("ENTROSCOPE_WORK_BYTES", str(needed(model, tokens) + spare))
    settings.cache_clear()
    with pytest.raises(OverBudgetError, match=match):
        backend.attention_pattern(model, TEXT, 0, 0)
    settings.cache_clear()
