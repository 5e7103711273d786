"""How many directions a cloud of vectors fills: spectrum, matrix entropy, Matrix Nuclear-Norm.

The cloud is centred and every vector is cut to length 1 before, so that only directions count
(UNComp, arXiv 2410.03090; Matrix Nuclear-Norm, arXiv 2410.10672). Everything is in float64; leading
axes are batches. All of these numbers grow with the number of vectors: compare equal numbers only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .distribution import with_64_bits


def unit_rows(vectors: Tensor) -> Tensor:
    """Return ``vectors`` [..., N, D] minus their mean, each of length 1, float64.

    A vector that is the mean itself has no direction and stays 0.
    """
    rows = with_64_bits(vectors).double()
    mean = rows.mean(-2, keepdim=True)
    # What rounding leaves of a vector that equals the mean is no direction.
    rest = 4 * torch.finfo(torch.float64).eps * mean.norm(dim=-1, keepdim=True)
    rows = rows - mean
    lengths = rows.norm(dim=-1, keepdim=True)
    return rows * torch.where(lengths > rest, 1 / lengths, 0.0)


def spectrum(vectors: Tensor) -> Tensor:
    """Return the eigenvalues of the covariance of ``unit_rows``, [..., min(N, D)], float64.

    Largest first; they sum to 1, and are NaN where no vector has a direction (N = 1).
    """
    rows = unit_rows(vectors)
    # The small one of XᵀX and XXᵀ; both have the same eigenvalues, other than 0.
    tall = rows.shape[-2] >= rows.shape[-1]
    gram = rows.mT @ rows if tall else rows @ rows.mT
    values = torch.linalg.eigvalsh(gram).clamp(min=0).flip(-1)
    return values / values.sum(-1, keepdim=True)


def spectral_entropy(eigenvalues: Tensor, kept: int | None = None) -> Tensor:
    """Return −Σ s ln s over the ``kept`` largest of ``eigenvalues`` [..., D], nats, [...].

    They sum to 1 and are not scaled again after the cut (UNComp), so that the entropy of a cut is
    at most ln ``kept`` from three on, and at most ``kept``/e below. ``kept`` None keeps all.
    """
    parts = torch.special.entr(eigenvalues[..., :kept])
    return torch.where(eigenvalues.sum(-1) > 0, parts.sum(-1), torch.nan)


def matrix_entropy(vectors: Tensor, kept: int | None = None) -> Tensor:
    """Return the entropy of the ``spectrum`` of ``vectors`` [..., N, D], nats, float64 [...].

    At most ln min(N − 1, D); exp of it is the effective rank.
    """
    return spectral_entropy(spectrum(vectors), kept)


def matrix_nuclear_norm(vectors: Tensor) -> Tensor:
    """Return the Matrix Nuclear-Norm of ``vectors`` [..., N, D], float64 [...]; over N: a token's.

    The sum of the min(N, D) longest columns of ``unit_rows``: a stand-in for the nuclear norm that
    needs no eigenvalues. The sum over all columns bounds the nuclear norm from above; cut, it
    bounds nothing. Equation 11 of the paper sums over rows, which are all 1; its algorithm and its
    code sum over columns, as here. NaN for one vector.
    """
    rows = unit_rows(vectors)
    lengths = rows.norm(dim=-2).sort(-1, descending=True).values
    found = lengths[..., : min(rows.shape[-2:])].sum(-1)
    return torch.where(found > 0, found, torch.nan)


def nuclear_norm(vectors: Tensor) -> Tensor:
    """Return the sum of the singular values of ``unit_rows``, float64 [...]."""
    return torch.linalg.matrix_norm(unit_rows(vectors), ord="nuc")


def layer_groups(ranks: Tensor, fall: float) -> list[list[int]]:
    """Return runs of layers; a new one begins where effective rank falls by more than ``fall``.

    ``ranks`` [L] goes from the first layer to the last. UNComp gives each run one budget.
    """
    groups = [[0]]
    for layer in range(1, len(ranks)):
        if ranks[layer - 1] - ranks[layer] > fall:
            groups.append([])
        groups[-1].append(layer)
    return groups


def principal_plane(vectors: Tensor, count: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean [D], directions [D, count] and shares of variance [count] of ``vectors`` [N, D].

    The directions in which the vectors differ most, orthonormal, strongest first; each points to
    where its largest entry is positive. float64. Shares are NaN, and directions 0, where there is
    no variance left.
    """
    rows = with_64_bits(vectors).double()
    mean = rows.sum(0) / max(len(rows), 1)
    rows = rows - mean
    # The small one of XᵀX and XXᵀ; an eigenvector u of the second gives the direction Xᵀu.
    tall = len(rows) >= rows.shape[1]
    values, found = torch.linalg.eigh(rows.mT @ rows if tall else rows @ rows.mT)
    variances = values.clamp(min=0).flip(0)
    along = (found if tall else rows.mT @ found).flip(1)[:, :count].T
    signs = along.gather(1, along.abs().argmax(1, keepdim=True)).sign()
    there = (variances[:count] > 1e-12 * variances.sum())[:, None]
    along = torch.where(there, along * signs / along.norm(dim=1, keepdim=True), 0.0)
    directions, shares = rows.new_zeros(rows.shape[1], count), rows.new_zeros(count)
    directions[:, : len(along)] = along.T
    shares[: len(along)] = variances[:count]
    return mean, directions, shares / variances.sum()
