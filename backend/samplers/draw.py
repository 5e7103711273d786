"""Drawing tokens, so that equal seeds mean equal luck."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_GROUP = 64


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
    return _first_largest(probs / waiting)


def _first_largest(values: Tensor) -> Tensor:
    """Return the place of the largest of ``values`` [B, V], the first of equal ones, [B].

    ``argmax`` looks at one number after the other; the largest of every group is found four times
    as fast.
    """
    short = -values.shape[-1] % _GROUP
    groups = functional.pad(values, (0, short), value=-torch.inf) if short else values
    groups = groups.unflatten(1, (-1, _GROUP))
    group = groups.amax(-1).argmax(-1)
    inside = groups[torch.arange(len(values), device=values.device), group].argmax(-1)
    return group * _GROUP + inside
