"""Semantic volume: the logarithm of the space that the embeddings of texts span.

After Li et al. 2025 (arXiv 2502.21239), of which only the abstract and a digest were read. The
determinant of n × n holds the constant (n − d) ln ε where d directions are kept; that of d × d
does not, and is the one to compare. All in float64: at ε = 1e−10 float32 knows nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

EPSILON = 1e-10
"""As the authors have it."""


def spectrum(embeddings: Tensor, directions: int = 0) -> Tensor:
    """Return the squared singular values of embeddings [n, D], the largest first.

    Nothing is centred: with the mean taken out one of n would always be 0.

    Args:
        embeddings: each of length 1.
        directions: d, how many to keep; all when 0.

    Returns:
        float64 [min(n, D)], or d of them.
    """
    found = torch.linalg.svdvals(embeddings.double()).square()
    return found[:directions] if directions else found


def log_volume(squares: Tensor, size: int, epsilon: float = EPSILON) -> float:
    """Return ln det(M + ε I) of a matrix of ``size`` rows with these eigenvalues; others are 0.

    Of n × n with ``size`` n, of d × d with ``size`` d.
    """
    left = size - squares.shape[-1]
    return float((squares + epsilon).log().sum()) + left * math.log(epsilon)


def added(embeddings: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return how much the n × n volume grows by each of the texts, float64 [n].

    0 for a text at right angles to all others, about ln ε for one that is there already.
    """
    rows = embeddings.double()
    count = len(rows)
    whole = log_volume(spectrum(rows), count, epsilon)
    others = [torch.cat([rows[:place], rows[place + 1 :]]) for place in range(count)]
    without = [log_volume(spectrum(each), count - 1, epsilon) for each in others]
    return whole - torch.tensor(without, dtype=torch.float64)


def parallelepiped(embeddings: Tensor) -> float:
    """Return the volume that embeddings [n, D] of length 1 span: 1 at right angles, 0 if flat."""
    return float(torch.linalg.svdvals(embeddings.double()).prod())
