"""Greedy decoding."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.samplers.base import Distribution, Sampler, State, Step, at_least_float32, sampler
from backend.samplers.parameters import TEMPERATURE


@sampler("greedy")
class Greedy(Sampler):
    """Always the most likely token; of equally likely ones the lowest id."""

    label = "Greedy"
    group = "basic"
    formula = r"x = \arg\max_i p_i"
    explanation = (
        "Always takes the most likely token. No temperature changes which one that is, so the "
        "text is the same every time, and long texts tend to repeat themselves."
    )
    source = "Folklore; the reference all other samplers depart from."
    parameters = (TEMPERATURE,)

    def filter(self, logits: Tensor, state: State) -> Step:
        logits = at_least_float32(logits)
        best = logits.argmax(-1, keepdim=True)
        probs = torch.zeros_like(logits).scatter_(-1, best, 1.0)
        return Step(probs, probs > 0, Distribution(logits / self.values["temperature"]))
