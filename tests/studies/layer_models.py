"""What a tiny model does inside, computed the long way and in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from backend.models.language import LanguageModel
from backend.taps.states import StatesTap

TEXT = "The quick brown fox jumps over the lazy dog. She sells sea shells, the quick brown fox."


def states_of(model: LanguageModel, run: Any) -> list[Tensor]:
    """Return the states of every depth, float32 [T, D]."""
    tap = StatesTap()
    ids = torch.from_numpy(run.token_ids).long()[None]
    tap.start(model, ids)
    with StatesTap.watching(model, [tap]):
        model.hidden_states(ids)
    return tap.states


def log_softmax(logits: Tensor) -> np.ndarray:
    """Return log-probabilities, float64."""
    return logits.double().log_softmax(-1).numpy()


def unit_rows(states: Tensor) -> np.ndarray:
    """Return centred rows of length 1, float64."""
    rows = states.double().numpy()
    rows = rows - rows.mean(0)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def entropy(weights: np.ndarray) -> np.ndarray:
    """Return −Σ p ln p over the last axis."""
    return -np.sum(
        np.where(weights > 0, weights * np.log(np.where(weights > 0, weights, 1)), 0), -1
    )
