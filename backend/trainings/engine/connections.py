"""Between two trained networks: the straight line, and a curve that is trained to stay low."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...measures.phases import bezier
from ..data import digits
from .layers import cosine, cross_entropy, forward
from .optimisers import Parameters
from .side_by_side import Copies, Group, SideBySide, Variant

IMAGES = 512
"""Digits that the networks have learned from."""
PLACES = torch.linspace(0, 1, 9).tolist()
"""Where losses on the way are read."""
CURVE_STEPS, CURVE_RATE = 500, 0.02
"""With fewer steps curves show barriers that are not there."""


def whole_loss(weights: Parameters, images: int = IMAGES) -> Tensor:
    """Return the loss on what the networks have learned from, nats [K]."""
    train = digits()[0][:images]
    return cross_entropy(forward(weights, train.images)[0], train.labels)


def between(first: Parameters, second: Parameters, place: float) -> Parameters:
    """Return the weights at a place from 0 to 1 of the straight line."""
    return {name: torch.lerp(first[name], second[name], place) for name in first}


def loss_along_curve(first: Parameters, second: Parameters) -> Tensor:
    """Return the loss at ``PLACES`` of a curve trained between networks, [places, K]."""
    bend = between(first, second, 0.5)
    group = Group(
        (Variant("curve", CURVE_RATE),),
        lambda generator: bend,
        _curve_loss(first, second),
        _curve_batch,
        schedule=cosine(CURVE_STEPS, floor=0.01),
    )
    training = SideBySide([group], lambda copies: {}, [0], CURVE_STEPS, CURVE_STEPS, data_seed=7)
    for _ in training.records():
        pass
    with torch.no_grad():
        found = {name: each[0] for name, each in training.groups[0].parameters.items()}
        return torch.stack([whole_loss(bezier(first, found, second, at)) for at in PLACES])


def _curve_batch(generator: torch.Generator, step: int) -> tuple[Tensor, float]:
    rows = torch.randint(0, IMAGES, (128,), generator=generator)
    return rows, torch.rand(1, generator=generator).item()


def _curve_loss(
    first: Parameters, second: Parameters
) -> Callable[[Copies, tuple[Tensor, float]], Tensor]:
    def loss(copies: Copies, batch: tuple[Tensor, float]) -> Tensor:
        rows, place = batch
        train = digits()[0][rows]
        # One copy of the engine holds the bends of all pairs, which do not see one another.
        bend = {name: each[0] for name, each in copies.parameters.items()}
        logits = forward(bezier(first, bend, second, place), train.images)[0]
        return cross_entropy(logits, train.labels).nan_to_num(0, 0, 0).sum()[None]

    return loss
