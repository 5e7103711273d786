"""Diffusion spectral entropy: how many separate regions a cloud of vectors fills, despite noise.

Liao et al. 2023, "Assessing Neural Network Representations During Training Using Noise-Resilient
Diffusion Spectral Entropy", arXiv 2312.04823. Everything in float64 and in nats; the paper and its
package write bits.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .distribution import with_64_bits


def median_distance(vectors: Tensor) -> Tensor:
    """Return the median Euclidean distance between two of ``vectors`` [..., N, D], [...].

    The package's own σ of 10 depends on how long the vectors are; this one does not.
    """
    return _median(_squares(vectors))


def diffusion_kernel(vectors: Tensor, sigma: Tensor | float, alpha: float = 0.0) -> Tensor:
    """Return how near ``vectors`` [..., N, D] are to one another, [..., N, N].

    Args:
        vectors: the cloud.
        sigma: width of the Gaussian, a number or [...]; 0 for vectors that all coincide.
        alpha: power of the vectors' degrees that it is divided by, against crowded places.
    """
    return _kernel(_squares(vectors), sigma, alpha)


def diffusion_spectrum(vectors: Tensor, sigma: Tensor | float, alpha: float = 0.0) -> Tensor:
    """Return the eigenvalues of a random walk to near vectors, [..., N], largest first.

    ``alpha`` is 0 as the authors' package computes it; ½ as the paper's definition says. The
    package takes the kernel of ½ for the walk itself, and so gets the walk of 0.
    """
    return _walk(diffusion_kernel(vectors, sigma, alpha))


def powered_entropy(eigenvalues: Tensor, steps: int = 1) -> Tensor:
    """Return the entropy of |λ|ᵗ scaled to sum 1, nats, [...], of ``eigenvalues`` [..., N].

    More ``steps`` t of the walk leave fewer regions apart.
    """
    weights = eigenvalues.abs() ** steps
    return torch.special.entr(weights / weights.sum(-1, keepdim=True)).sum(-1)


def diffusion_spectral_entropy(
    vectors: Tensor, sigma: Tensor | float | None = None, *, steps: int = 1, alpha: float = 0.0
) -> Tensor:
    """Return DSE of ``vectors`` [..., N, D], nats, float64 [...]: 0 to ln N.

    0 where all coincide, ln N where all are far apart beside ``sigma``: noise and well-separated
    vectors look alike. ``sigma`` None is the median distance.
    """
    if vectors.shape[-2] < 2:
        return vectors.new_zeros(vectors.shape[:-2], dtype=torch.float64)
    squares = _squares(vectors)
    width = _median(squares) if sigma is None else sigma
    return powered_entropy(_walk(_kernel(squares, width, alpha)), steps)


def diffusion_mutual_information(
    vectors: Tensor, labels: Tensor, sigma: Tensor | float, *, steps: int = 1, alpha: float = 0.0
) -> Tensor:
    """Return DSE(X) − Σ p(y) DSE(X | Y = y) of ``vectors`` [N, D] with ``labels`` [N], nats.

    The paper's definition. Its package puts random subsets as large as each class in the place of
    X, and gives less.
    """
    whole = diffusion_spectral_entropy(vectors, sigma, steps=steps, alpha=alpha)
    for label in labels.unique():
        own = vectors[labels == label]
        within = diffusion_spectral_entropy(own, sigma, steps=steps, alpha=alpha)
        whole = whole - len(own) / len(vectors) * within
    return whole


def _squares(vectors: Tensor) -> Tensor:
    """Return all squared distances, [..., N, N], float64; exactly 0 between equal vectors."""
    rows = with_64_bits(vectors).double()
    rows = rows - rows.mean(-2, keepdim=True)
    products = rows @ rows.mT
    own = products.diagonal(dim1=-2, dim2=-1)
    squares = own[..., :, None] + own[..., None, :] - 2 * products
    rounding = 1e-13 * own.amax(-1)[..., None, None]
    return torch.where(squares > rounding, squares, 0.0)


def _median(squares: Tensor) -> Tensor:
    first, second = torch.triu_indices(squares.shape[-1], squares.shape[-1], 1)
    return squares[..., first, second].median(-1).values.sqrt()


def _kernel(squares: Tensor, sigma: Tensor | float, alpha: float) -> Tensor:
    width = torch.as_tensor(sigma, dtype=squares.dtype, device=squares.device)[..., None, None]
    kernel = torch.where(squares > 0, torch.exp(-squares / (2 * width**2)), 1.0)
    if not alpha:
        return kernel
    degree = kernel.sum(-1) ** alpha
    return kernel / (degree[..., :, None] * degree[..., None, :])


def _walk(kernel: Tensor) -> Tensor:
    # Of one spectrum with the walk itself, whose rows sum to 1, and symmetric.
    degree = kernel.sum(-1).sqrt()
    return torch.linalg.eigvalsh(kernel / (degree[..., :, None] * degree[..., None, :])).flip(-1)
