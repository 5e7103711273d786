"""How a mixture of experts shares out its tokens.

Definitions as in "A Survey on Mixture of Experts" (Cai et al. 2024, arXiv 2407.06204) and, for the
balancing loss, in transformers. Entropies are in nats.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Weighing = Literal["softmax", "top_softmax", "sigmoid"]
"""How a family turns scores into weights: softmax over all experts (Mixtral, Qwen, OLMoE), over
those chosen (gpt-oss), or a sigmoid each (DeepSeek-V3)."""


def router_probabilities(logits: Tensor, weighing: Weighing = "softmax", top: int = 0) -> Tensor:
    """Return the weights of all experts, float32 [..., E], that sum to 1; ``logits`` [..., E].

    ``top`` is how many are chosen; "top_softmax" gives the others 0.
    """
    scores = logits.float()
    if weighing == "sigmoid":
        weights = scores.sigmoid()
        return weights / weights.sum(-1, keepdim=True)
    if weighing == "top_softmax":
        kept = scores.topk(top, -1).indices
        scores = torch.full_like(scores, -torch.inf).scatter(-1, kept, scores.gather(-1, kept))
    return scores.softmax(-1)


def router_entropy(probabilities: Tensor) -> Tensor:
    """Return −Σ p ln p of every token, [...], of ``probabilities`` [..., E]; at most ln E."""
    return torch.special.entr(probabilities).sum(-1)


def expert_information(probabilities: Tensor) -> Tensor:
    """Return the information between token and expert, nats, of ``probabilities`` [..., T, E].

    Entropy of the mean choice minus mean entropy of the choices: 0 where every token is treated
    alike, however evenly.
    """
    together = router_entropy(probabilities.mean(-2))
    return (together - router_entropy(probabilities).mean(-1)).clamp(min=0)


def expert_load(chosen: Tensor, experts: int) -> Tensor:
    """Return how many of T tokens each of ``experts`` is given, over T: float32 [E].

    Sums to k for ``chosen`` experts [T, k].
    """
    counts = torch.bincount(chosen.flatten(), minlength=experts)
    return counts.float() / max(len(chosen), 1)


def load_variation(load: Tensor) -> Tensor:
    """Return standard deviation over mean of ``load`` [..., E]: 0 is perfect balance."""
    return load.std(-1, correction=0) / load.mean(-1)


def balancing_loss(load: Tensor, probabilities: Tensor) -> Tensor:
    """Return E · Σ f_e P_e of ``load`` [E] and ``probabilities`` [..., T, E].

    k at perfect balance with k experts a token, not 1. transformers pools the layers before, which
    hides layers that each use a few experts only: take it layer by layer.
    """
    mean = probabilities.flatten(0, -2).mean(0)
    return load.shape[-1] * (load * mean).sum(-1)


def z_loss(logits: Tensor) -> Tensor:
    """Return the mean over tokens of (ln Σ exp z)² of ``logits`` [T, E] (Switch, ST-MoE)."""
    return logits.float().logsumexp(-1).square().mean()
