"""Layers of K networks at once; every parameter is [K, ...]."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from .optimisers import Parameters

Activation = Callable[[Tensor], Tensor]


def normal(generator: torch.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    """Return normal numbers of mean 0 and standard deviation ``scale``."""
    return torch.randn(*shape, generator=generator) * scale


def mlp(
    sizes: Sequence[int], *, hidden_variance: float = 2.0
) -> Callable[[torch.Generator], Parameters]:
    """Return what initialises one network: w0, b0, … and, for the output, w and b.

    Args:
        sizes: inputs, hidden layers, outputs.
        hidden_variance: of hidden weights, times their inputs: 2 (He) suits ReLU. That of the
            output's is 1.
    """

    def init(generator: torch.Generator) -> Parameters:
        made: Parameters = {}
        *hidden, end = sizes
        for layer, (rows, columns) in enumerate(pairwise(hidden)):
            made[f"w{layer}"] = normal(
                generator, rows, columns, scale=math.sqrt(hidden_variance / rows)
            )
            made[f"b{layer}"] = torch.zeros(1, columns)
        made["w"] = normal(generator, hidden[-1], end, scale=math.sqrt(1 / hidden[-1]))
        made["b"] = torch.zeros(1, end)
        return made

    return init


def linear(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return inputs · weight + bias: [n, D] for all or [K, n, D], [K, D, E], [K, 1, E]."""
    return torch.baddbmm(bias, shared(inputs, len(weight)), weight)


def shared(inputs: Tensor, copies: int) -> Tensor:
    """Return inputs [n, D] of all copies as [K, n, D]; others as they are."""
    return inputs.expand(copies, *inputs.shape) if inputs.dim() == 2 else inputs


def hidden_layers(parameters: Parameters) -> int:
    """Return how many hidden layers the parameters of an ``mlp`` have."""
    return sum(name.startswith("w") for name in parameters) - 1


def forward(
    parameters: Parameters, inputs: Tensor, activation: Activation = F.relu
) -> tuple[Tensor, Tensor]:
    """Return the logits [K, n, C] and the last hidden layer [K, n, W] of an ``mlp``."""
    hidden = inputs
    for layer in range(hidden_layers(parameters)):
        hidden = activation(linear(hidden, parameters[f"w{layer}"], parameters[f"b{layer}"]))
    return linear(hidden, parameters["w"], parameters["b"]), hidden


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over rows, nats [K], of logits [K, n, C] and labels [n] or [K, n]."""
    copies, rows, classes = logits.shape
    flat = labels.expand(copies, rows).reshape(-1)
    each = F.cross_entropy(logits.reshape(-1, classes), flat, reduction="none")
    return each.view(copies, rows).mean(1)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of rows whose largest logit is that of the label, [K]."""
    return (logits.argmax(-1) == labels).float().mean(-1)


def mean_entropy(logits: Tensor) -> Tensor:
    """Return the mean entropy of the predictions of logits [K, n, C], nats [K]."""
    return torch.special.entr(torch.softmax(logits, -1)).sum(-1).mean(-1)


def cosine(steps: int, *, warm: int = 1, floor: float = 0.02) -> Callable[[int], float]:
    """Return a schedule: a linear rise over ``warm`` steps, times half a cosine down to floor."""

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / warm) * (0.5 * (1 + math.cos(math.pi * step / steps)) + floor)

    return factor
