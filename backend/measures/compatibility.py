"""Whether a new model's vectors can search those of an old one; the simplex that makes it so."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def simplex(classes: int) -> Tensor:
    """Return C unit vectors in C − 1 dimensions with pairwise cosine −1/(C−1), float64 [C, C−1].

    As in the code of Biondi et al. 2024, "Stationary Representations", arXiv 2405.02581.
    """
    corners = torch.zeros(classes, classes - 1, dtype=torch.float64)
    corners[:-1] = torch.eye(classes - 1, dtype=torch.float64)
    corners[-1] = (1 - math.sqrt(classes)) / (classes - 1)
    return F.normalize(corners - corners.mean(0), dim=1)


def class_means(vectors: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return the normalised mean of every class, [K, C, D], of ``vectors`` [K, n, D]."""
    means = [vectors[:, labels == label].mean(1) for label in range(classes)]
    return F.normalize(torch.stack(means, 1), dim=-1)


def nearest(queries: Tensor, gallery: Tensor) -> Tensor:
    """Return which of ``gallery`` [K, m, D] is nearest to each query [K, n, D], [K, n]."""
    return (queries @ gallery.transpose(-1, -2)).argmax(-1)


def compatible_pairs(matrix: Sequence[Sequence[float]]) -> list[list[bool]]:
    """Return, for each model and each older one, whether it beats the old one's own search.

    ``matrix[i][j]`` is the accuracy of queries by model i in the gallery of model j; M_ij must be
    larger than M_jj.
    """
    return [[row[j] > matrix[j][j] for j in range(i)] for i, row in enumerate(matrix)]


def average_compatibility(matrix: Sequence[Sequence[float]]) -> float:
    """Return the share of pairs of a new and an older model that are compatible; NaN of one."""
    pairs = [each for row in compatible_pairs(matrix) for each in row]
    return sum(pairs) / len(pairs) if pairs else math.nan


def alignment_loss(
    new: Tensor, old: Tensor, labels: Tensor, sharpness: float = 10.0, *, left_out: bool = False
) -> Tensor:
    """Return the higher-order contrastive loss of old vectors against new ones, [K].

    Every old vector has to find the new one of its image among the new ones of other classes.

    Args:
        new: unit vectors of n images, [K, n, D].
        old: those of the same images by the old model.
        labels: [n].
        sharpness: μ.
        left_out: leave images of one's own class out of the denominator; the authors' code sets
            their similarity to 0 instead, so that each adds 1 to it.
    """
    alike = sharpness * old @ new.transpose(-1, -2)
    same = labels[:, None] == labels[None]
    others = alike.masked_fill(same, -torch.inf if left_out else 0.0).logsumexp(-1)
    own = alike.diagonal(dim1=-2, dim2=-1)
    return (others - own).mean(-1)
