"""Reading the residual stream before the last layer: divergence to the end, and a fitted map.

Logit lens: nostalgebraist 2020. The linear lens is a least-squares map from a layer's states to the
last ones (after Din et al. 2023, "Jump to Conclusions", arXiv 2303.09435): a cheap stand-in for
the tuned lens (Belrose et al. 2023, arXiv 2303.08112), which minimises KL instead.
"""

from __future__ import annotations

import torch
from torch import Tensor

_EPS = 1e-6


def unit_mean_square(states: Tensor) -> Tensor:
    """Return ``states`` [..., D] over their root mean square."""
    return states * (states.square().mean(-1, keepdim=True) + _EPS).rsqrt()


def divergence(end: Tensor, end_entropy: Tensor, logits: Tensor, log_total: Tensor) -> Tensor:
    """Return KL(end ‖ layer) of every row, nats, float32 [R], without a second softmax.

    Args:
        end: probabilities at the end, [R, V].
        end_entropy: theirs, nats, [R].
        logits: of the layer, [R, V].
        log_total: ln Σ exp of these logits, [R].
    """
    # Tokens of probability 0 at the end may have any logit, −∞ too; 0 · −∞ must be 0.
    expected = torch.linalg.vecdot(end, logits.to(end.dtype).clamp(min=-3e38))
    found = (log_total - expected - end_entropy).clamp(min=0)
    return torch.where(found > 1e30, torch.inf, found)


class LinearFit:
    """Least squares from states x to states y, with a ridge towards the identity.

    Minimises Σ |x A + b − y|² + λ n |A − I|² over n pairs given in parts; b is free.

    Attributes:
        pairs: n.
    """

    def __init__(self, size: int, maps: int = 1, *, dtype: torch.dtype = torch.float32) -> None:
        """Make room for ``maps`` maps of ``size`` numbers each, with one and the same y."""
        self._inner = torch.zeros(maps, size + 1, size + 1, dtype=dtype)
        self._cross = torch.zeros(maps, size + 1, size, dtype=dtype)
        self.pairs = 0

    def add(self, number: int, inputs: Tensor, outputs: Tensor) -> None:
        """Count pairs of map ``number``: ``inputs`` and ``outputs`` [n, D]."""
        inputs = inputs.to(self._inner)
        rows = torch.cat([inputs, inputs.new_ones(len(inputs), 1)], 1)
        self._inner[number].addmm_(rows.T, rows)
        self._cross[number].addmm_(rows.T, outputs.to(rows))
        self.pairs += len(inputs) if number == 0 else 0

    def solve(self, number: int, ridge: float = 0.01) -> tuple[Tensor, Tensor]:
        """Return A [D, D] and b [D] of map ``number``; solved in float64."""
        size = self._cross.shape[-1]
        pull = torch.eye(size + 1, dtype=torch.float64) * ridge * self.pairs
        pull[-1, -1] = 0
        found = torch.linalg.solve(
            self._inner[number].double() + pull, self._cross[number].double() + pull[:, :size]
        ).to(self._inner.dtype)
        return found[:size], found[size]
