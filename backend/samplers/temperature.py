"""Sampling from the whole, tempered distribution."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .base import Distribution, Sampler, State, Step, sampler
from .parameters import TEMPERATURE


@sampler("temperature")
class Temperature(Sampler):
    """Every token may come, with the probability of softmax(z / T)."""

    label = "Temperature"
    group = "basic"
    formula = r"q_i \propto e^{z_i/T}, \qquad \frac{dH}{dT} = \frac{V(q_T)}{T}"
    explanation = (
        "Draws from the whole vocabulary. Entropy rises with T at the rate V/T, the varentropy "
        "over the temperature: fast where the model hesitates between likely and unlikely tokens."
    )
    source = 'Ackley, Hinton and Sejnowski 1985, "A Learning Algorithm for Boltzmann Machines".'
    parameters = (TEMPERATURE,)

    def judge(self, raw: Distribution, state: State) -> Step:
        judged = raw.tempered(self.values["temperature"])
        kept = torch.ones_like(raw.logits, dtype=torch.bool)
        return Step(judged, kept if raw.impossible is None else ~raw.impossible, judged)


def dynamic_temperature(
    entropy: Tensor, count: int, temperature: float, delta: float, exponent: float = 1.0
) -> Tensor:
    """Return the temperature [B] that llama.cpp's dynatemp takes for rows of that entropy.

    It runs from T − δ, never below 0, to T + δ with the share of the largest entropy there can be.

    Args:
        entropy: [B], nats, before any temperature.
        count: tokens that can come; a single one leaves ``temperature`` as it is.
        temperature: T, the middle of the range.
        delta: half the range.
        exponent: of the share; above 1 most rows stay cold.
    """
    if count < 2:
        return torch.full_like(entropy, temperature)
    low, high = max(0.0, temperature - delta), temperature + delta
    return low + (high - low) * (entropy / math.log(count)).clamp(0, 1) ** exponent
