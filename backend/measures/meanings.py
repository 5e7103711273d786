"""How far answers to one question lie apart: by shared words, states, and a judge of entailment.

Nothing here needs groups of equal meaning; what does is in ``derived.meanings``. Sources: graphs of
similarity Lin et al. 2023 (arXiv 2305.19187); kernels Nikitin et al. 2024 (arXiv 2405.20003);
EigenScore Chen et al. 2024 (INSIDE, arXiv 2402.03744); Vendi Friedman and Dieng 2023 (arXiv
2210.02410); p(True) Kadavath et al. 2022 (arXiv 2207.05221). Nats; computed in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

CUT = 0.9
"""Eigenvectors of the Laplacian below it are kept, as in LM-Polygraph."""
ALPHA = 1e-3
"""What EigenScore and the volume add to every eigenvalue."""
HEAT = 0.3
"""The time of the heat kernel, as in LM-Polygraph."""

CONTRADICTION, NEUTRAL, ENTAILMENT = 0, 1, 2
"""The classes of a judge of entailment."""


def jaccard(texts: Sequence[str]) -> Tensor:
    """Return the share of common words of all pairs, float64 [N, N]; 1 on the diagonal.

    Words are what white space parts, in lower case. Two texts without words share none.
    """
    words = [set(each.lower().split()) for each in texts]
    found = torch.eye(len(words), dtype=torch.float64)
    for i, one in enumerate(words):
        for j, other in enumerate(words[:i]):
            union = len(one | other)
            found[i, j] = found[j, i] = len(one & other) / union if union else 0.0
    return found


def mean_of_pairs(similarity: Tensor) -> float:
    """Return the mean of ``similarity`` [N, N] over its pairs; NaN for one answer."""
    count = len(similarity)
    pairs = similarity.double().triu(1).sum()
    return float(pairs) / (count * (count - 1) / 2) if count > 1 else math.nan


@dataclass(frozen=True)
class Graph:
    """What the graph of similarities says of N answers.

    Attributes:
        eigenvalues: of its Laplacian I − D^−½ W D^−½, the smallest first, float64 [N].
        number: EigV, Σ max(0, 1 − λ): a number of meanings that need not be whole.
        distance: Deg, 1 minus the mean similarity, an answer's with itself included.
        eccentricity: Ecc, ‖V − mean of its rows‖ in Frobenius' norm, with V the eigenvectors
            whose eigenvalue is below the cut.
        each: of the answers, the norms of the rows of that difference, float64 [N]; no other
            basis of V changes them.
        kept: how many eigenvectors V has.
        to_cut: how near an eigenvalue comes to the cut; a small change of a similarity that is
            near moves the eccentricity by a jump.
    """

    eigenvalues: Tensor
    number: float
    distance: float
    eccentricity: float
    each: Tensor
    kept: int
    to_cut: float


def graph(similarity: Tensor, cut: float = CUT) -> Graph:
    """Return the graph of ``similarity`` [N, N], made symmetric, each answer like itself."""
    weights = similarity.double()
    weights = (weights + weights.T) / 2
    weights = weights.clone().fill_diagonal_(1.0)
    root = weights.sum(1).rsqrt()
    laplacian = torch.eye(len(weights), dtype=torch.float64) - root[:, None] * weights * root
    values, vectors = torch.linalg.eigh(laplacian)
    kept = vectors[:, values < cut]
    off = kept - kept.mean(0)
    return Graph(
        eigenvalues=values,
        number=float((1 - values).clamp(min=0).sum()),
        distance=float(1 - weights.mean()),
        eccentricity=float(off.norm()),
        each=off.norm(dim=1),
        kept=kept.shape[1],
        to_cut=float((values - cut).abs().min()),
    )


def kernel_language_entropy(entail: Tensor, contradict: Tensor, heat: float = HEAT) -> float:
    """Return the von Neumann entropy of the heat kernel of answers, as a share of ln N.

    It is not 0 for answers that all entail one another, and its least value depends on N and
    ``heat``. NaN for one answer.

    Args:
        entail: probability, by a judge, that one entails the other, of all ordered pairs [N, N].
        contradict: that it contradicts it, likewise.
        heat: time of the kernel.
    """
    entail, contradict = entail.double(), contradict.double()
    count = len(entail)
    if count < 2:
        return math.nan
    neutral = 2 - entail - entail.T - contradict - contradict.T
    weights = entail + entail.T + 0.5 * neutral
    kernel = torch.linalg.matrix_exp(-heat * (torch.diag(weights.sum(1)) - weights))
    root = kernel.diagonal().rsqrt()
    return von_neumann(root[:, None] * kernel * root / count) / math.log(count)


def von_neumann(density: Tensor) -> float:
    """Return −Σ λ ln λ of a symmetric matrix [N, N] of trace 1, nats."""
    return float(torch.special.entr(torch.linalg.eigvalsh(density).clamp(min=0)).sum())


def eigen_score(states: Tensor, alpha: float = ALPHA) -> float:
    """Return (1/N) log det(Z J Zᵀ + α I) of states Z [N, D]; J centres over the features.

    Equal answers give a number far below 0, not 0: N − 1 eigenvalues are then α.
    """
    centred = states.double() - states.double().mean(1, keepdim=True)
    return _mean_log(centred @ centred.T, alpha)


def volume(embeddings: Tensor, epsilon: float = ALPHA) -> float:
    """Return log det(G + ε I) of embeddings [N, D], where G has their inner products."""
    rows = embeddings.double()
    return len(rows) * _mean_log(rows @ rows.T, epsilon)


def vendi(embeddings: Tensor) -> float:
    """Return exp of the von Neumann entropy of G / N of embeddings [N, D] of length 1.

    It is 1 for equal answers and N for answers at right angles.
    """
    rows = embeddings.double()
    return math.exp(von_neumann(rows @ rows.T / len(rows)))


def _mean_log(gram: Tensor, added: float) -> float:
    # Rounding takes eigenvalues of a Gram matrix a little below 0.
    return float((torch.linalg.eigvalsh(gram).clamp(min=0) + added).log().mean())


def p_true(yes: Tensor, no: Tensor) -> tuple[Tensor, Tensor]:
    """Return p(True) and the probability that any of the two words was meant.

    Args:
        yes: log p of the forms of one word, such as "True" and " True", [..., K]; nats.
        no: of the other word, likewise.

    Returns:
        Both [...]: P(yes) / (P(yes) + P(no)), and P(yes) + P(no).
    """
    for_it, against = yes.double().logsumexp(-1), no.double().logsumexp(-1)
    return torch.sigmoid(for_it - against), torch.logaddexp(for_it, against).exp()


def equivalent(there: int, back: int, rule: Literal["strict", "lenient"] = "strict") -> bool:
    """Tell whether two answers mean the same, by the classes of a judge in both directions.

    Strict: each entails the other. Lenient: no contradiction, and not both neutral.
    """
    if rule == "strict":
        return there == back == ENTAILMENT
    return CONTRADICTION not in (there, back) and (there, back) != (NEUTRAL, NEUTRAL)
