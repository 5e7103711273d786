"""What the tests of samplers share."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from backend import samplers
from backend.samplers import Sampler, Step


def apply(sampler: Sampler, logits: Tensor) -> Step:
    """Return the first step of ``sampler`` on ``logits`` [B, V]."""
    return sampler.filter(logits, sampler.start(len(logits)))


def kept_ids(step: Step, row: int = 0) -> list[int]:
    return step.kept[row].nonzero()[:, 0].tolist()


def kept(name: str, probs: Any, **parameters: Any) -> list[int]:
    """Return the ids the sampler keeps of one float64 distribution."""
    logits = torch.tensor(np.asarray(probs, np.float64)).log()[None]
    return kept_ids(apply(samplers.make(name, **parameters), logits))


def random_logits(rows: int, size: int, seed: int = 0, spread: float = 3.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, size, generator=generator, dtype=torch.float64) * spread


def zipf(size: int, exponent: float, shift: float = 0.0) -> np.ndarray:
    """Return p_i ∝ (i + shift)^−exponent; i counts from 1 without a shift, else from 0."""
    first = 0 if shift else 1
    weights = (np.arange(first, first + size) + shift) ** -exponent
    return weights / weights.sum()
