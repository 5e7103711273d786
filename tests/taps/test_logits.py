"""Blocks of logits are the model's own, every prediction once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backend.progress import ignore
from backend.reading.reader import read
from backend.reading.windows import Window, one_window
from backend.taps import logits as logits_module
from backend.taps.logits import LogitsTap, block_rows
from tests.taps.conftest import IDS, own_output


class Keeper(LogitsTap):
    """Keeps every block."""

    def __init__(self):
        self.blocks = {}

    def on_logits(self, first, logits):
        assert first not in self.blocks
        self.blocks[first] = logits.clone()

    def joined(self):
        return torch.cat([self.blocks[each] for each in sorted(self.blocks)])


def shown(model, ids, windows):
    keeper = Keeper()
    read(model, ids[0].numpy().astype(np.int32), windows, [keeper], ignore)
    return keeper


@pytest.mark.parametrize("rows", [1, 5, 512])
@pytest.mark.parametrize(
    "family", ["llama", "gpt2", "qwen3", "gemma2", "gemma3", "mixtral", "cohere", "shared expert"]
)
def test_row_before_a_token_predicts_it(family, rows, model_of, monkeypatch):
    model = model_of(family)
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", rows * 4 * model.facts.vocab_size)
    keeper = shown(model, IDS, one_window(IDS.shape[1]))
    own = own_output(model).logits[0, :-1]
    assert min(keeper.blocks) == 1
    assert max(len(each) for each in keeper.blocks.values()) == min(rows, IDS.shape[1] - 1)
    torch.testing.assert_close(keeper.joined(), own, atol=1e-4, rtol=1e-4)


def test_over_windows_every_token_is_shown_once_with_its_context(model_of):
    model = model_of("llama")
    keeper = shown(model, IDS, [Window(0, 0, 0, 8), Window(0, 4, 8, 12)])
    with torch.inference_mode():
        first = model.torch_model(IDS[:, :8]).logits[0, :7]
        second = model.torch_model(IDS[:, 4:]).logits[0, 3:7]
    torch.testing.assert_close(keeper.joined(), torch.cat([first, second]), atol=1e-4, rtol=1e-4)


def test_a_text_of_one_token_shows_nothing(model_of):
    assert shown(model_of("gpt2"), IDS[:, :1], one_window(1)).blocks == {}


def test_at_least_one_row_is_shown_at_a_time(model_of, monkeypatch):
    monkeypatch.setattr(logits_module, "BLOCK_BYTES", 1)
    assert block_rows(model_of("llama")) == 1
