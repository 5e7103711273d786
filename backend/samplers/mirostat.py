"""What both versions of mirostat share: a target surprise, and the feedback towards it."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from ..quantities import Quantity
from .base import Sampler, State, Step
from .parameters import TEMPERATURE, Choice, Number, Parameter

LN2 = math.log(2)

PARAMETERS: tuple[Parameter, ...] = (
    Number(
        "tau",
        "Target τ",
        default=3.0,
        low=0.0,
        high=30.0,
        step=0.1,
        usual=(0.0, 10.0),
        unit="bits",
        help="The surprise per token to hold.",
    ),
    Number(
        "eta",
        "Rate η",
        default=1.0,
        low=0.0,
        high=2.0,
        step=0.05,
        help="How strongly one token's surprise moves μ.",
    ),
    Choice(
        "surprise",
        "Surprise from",
        options=("full", "truncated"),
        help="Full: the probability before μ cuts, after temperature and after a chain's earlier "
        "cuts (the author's code). Truncated: the probability the token was drawn with "
        "(llama.cpp), so that τ steers that instead.",
    ),
    TEMPERATURE,
)

DETAILS = {
    "mu": Quantity(
        "μ", unit="bits", high=20, help="What steers the cut: it sinks after a surprise above τ."
    ),
    "surprise": Quantity(
        "Surprise of the drawn token", unit="bits", high=20, help="As mirostat counts it."
    ),
    "error": Quantity(
        "Surprise − τ", unit="bits", low=-20, high=20, help="How far the token missed the target."
    ),
}


class Mirostat(Sampler):
    """Feedback on μ in bits; it starts at 2τ and stays within 0 … 2·log₂V.

    Without these limits a target the model cannot reach lets μ run away, and it then needs as
    many steps to come back.
    """

    group = "feedback"
    parameters = PARAMETERS
    details: ClassVar[dict[str, Quantity]] = DETAILS

    def start(self, batch_size: int) -> State:
        return {"mu": torch.full((batch_size,), 2.0 * self.values["tau"], dtype=torch.float64)}

    def outcome(self, step: Step, chosen: Tensor) -> dict[str, Tensor]:
        surprise = self._surprise(step, chosen)
        return {"surprise": surprise, "error": surprise - self.values["tau"]}

    def observe(self, state: State, step: Step, chosen: Tensor) -> State:
        highest = 2 * math.log2(max(step.probs.shape[-1], 2))
        error = self._surprise(step, chosen) - self.values["tau"]
        mu = state["mu"].to(error.device) - self.values["eta"] * error.double()
        return {"mu": mu.clamp(0, highest)}

    def _surprise(self, step: Step, chosen: Tensor) -> Tensor:
        """Return −log₂ p of ``chosen`` [B]."""
        if self.values["surprise"] == "truncated":
            return -step.probs.gather(-1, chosen[:, None])[:, 0].log() / LN2
        return -step.judged.log_probs.gather(-1, chosen[:, None])[:, 0] / LN2
