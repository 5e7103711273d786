"""Sampling from the whole, tempered distribution."""

from __future__ import annotations

import torch

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
        return Step(judged, judged.logits > -torch.inf, judged)
