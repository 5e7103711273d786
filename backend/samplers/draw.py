"""Drawing tokens, so that equal seeds mean equal luck."""

from __future__ import annotations

import torch
from torch import Tensor


def luck(size: int, generator: torch.Generator) -> Tensor:
    """Return one draw's worth of chance: an exponential waiting time for every token, [V].

    Float32 numbers, but from float64 luck: with that of float32 no time is below 2⁻²⁴, and tokens
    much less likely than that would never come.
    """
    uniform = torch.rand(size, generator=generator, dtype=torch.float64)
    return -uniform.log_().float()


def draw(probs: Tensor, waiting: Tensor) -> Tensor:
    """Draw one token a row from ``probs`` [B, V] with ``waiting`` [B, V] or [V]; ids [B].

    The token whose waiting time at rate p ends first comes with probability p. Samplers given the
    same waiting times draw the same token unless one of them does not keep it, or its
    probabilities differ much: texts then part because of the samplers and not by chance.
    """
    return (probs / waiting).argmax(-1)
