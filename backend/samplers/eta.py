"""Eta sampling."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Truncation, sampler
from .floor import above_floor
from .parameters import Number


@sampler("eta")
class Eta(Truncation):
    """Tokens of at least probability η, a floor that sinks as the entropy rises."""

    label = "Eta"
    group = "entropy-aware"
    formula = (
        r"\eta = \min(\varepsilon, \sqrt{\varepsilon}\,e^{-H}), \quad S = \{i : p_i \ge \eta\}"
    )
    explanation = (
        "Epsilon's floor where the model is sure; where it is not, the floor sinks with e^-H so "
        "that a flat distribution is not cut to nothing. A larger ε cuts more."
    )
    source = "Hewitt, Manning and Liang 2022, arXiv 2210.15191."
    parameters = (
        Number(
            "epsilon",
            "Highest floor ε",
            default=2e-4,
            low=0.0,
            high=1.0,
            step=1e-4,
            open_low=True,
            open_high=True,
            usual=(1e-4, 0.1),
            help="The highest the floor can be.",
            aliases=("eta_cutoff",),
        ),
    )
    details: ClassVar[dict[str, Quantity]] = {"floor": Quantity("Floor η", unit="%")}

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        epsilon = self.values["epsilon"]
        floor = ((-judged.entropy).exp() * epsilon**0.5).clamp(max=epsilon)
        return above_floor(judged.probs, floor), {"floor": floor}
