"""How strongly weights act: the largest singular value of a map, and of a head's score."""

from __future__ import annotations

import torch
from torch import Tensor


def query_key_norm(query: Tensor, key: Tensor) -> Tensor:
    """Return σ = ‖W_K W_Qᵀ‖₂ of every query head, [H] (Zhai et al., 2023, arXiv 2303.06296).

    A score is x_q W_Q W_Kᵀ x_kᵀ, so |score| ≤ σ · ‖x_q‖ · ‖x_k‖ before any scaling. With rotary
    positions the product between W_Q and W_Kᵀ is turned by the distance of the two tokens; σ
    is then its value at distance 0.

    Args:
        query: W_Qᵀ of every head, [H, d, D], as ``nn.Linear`` stores it.
        key: W_Kᵀ, [G, d, D]; H is a multiple of G, and heads in a row share a key head.
    """
    # W_K W_Qᵀ is D × D but of rank d: with W = Q R, its singular values are those of R_K R_Qᵀ.
    if query.device.type == "mps":  # where these factorisations do not exist
        query, key = query.cpu(), key.cpu()
    query_factor = torch.linalg.qr(query.float().mT, mode="r").R
    key_factor = torch.linalg.qr(key.float().mT, mode="r").R
    key_factor = key_factor.repeat_interleave(len(query) // len(key), 0)
    return torch.linalg.matrix_norm(key_factor @ query_factor.mT, ord=2)


def power_iteration(weight: Tensor, start: Tensor, steps: int) -> Tensor:
    """Return the estimate of ‖W‖₂ after every step, [steps].

    Each step applies W and Wᵀ once; with one step a training step it is what σReparam divides by.

    Args:
        weight: W, [M, N].
        start: a vector [N] that is not orthogonal to the leading right singular vector.
        steps: how many.
    """
    right = start / start.norm()
    found = []
    for _ in range(steps):
        left = torch.nn.functional.normalize(weight @ right, dim=0)
        right = torch.nn.functional.normalize(weight.mT @ left, dim=0)
        found.append(left @ weight @ right)
    return torch.stack(found)


def sigma_reparam(weight: Tensor, gamma: float | Tensor = 1.0) -> Tensor:
    """Return Ŵ = γ W / ‖W‖₂, [M, N] (Zhai et al., 2023, arXiv 2303.06296).

    γ is 1 at the start in the paper, and ‖W‖₂ itself in the published PyTorch code.
    """
    return gamma * weight / torch.linalg.matrix_norm(weight, ord=2)
