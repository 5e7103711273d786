"""Greedy decoding."""

from __future__ import annotations

import torch

from .base import Distribution, Sampler, State, Step, sampler
from .parameters import TEMPERATURE


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
    knob = False

    def judge(self, raw: Distribution, state: State) -> Step:
        best = raw.logits.argmax(-1, keepdim=True)
        kept = torch.zeros_like(raw.logits, dtype=torch.bool).scatter_(-1, best, True)
        judged = raw.tempered(self.values["temperature"])
        return Step(judged.only(kept), kept, judged)
