"""Epsilon sampling."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Truncation, sampler
from .floor import above_floor
from .parameters import Number


@sampler("epsilon")
class Epsilon(Truncation):
    """Tokens of at least probability ε, or the most likely one."""

    label = "Epsilon"
    group = "truncation"
    formula = r"S = \{\,i : p_i \ge \varepsilon\,\}"
    explanation = (
        "A fixed floor. It takes away hopeless tokens, but where the model is unsure everything "
        "may fall below it; then only the most likely token is left."
    )
    source = "Hewitt, Manning and Liang 2022, arXiv 2210.15191."
    parameters = (
        Number(
            "epsilon",
            "Floor ε",
            default=3e-4,
            low=0.0,
            high=1.0,
            step=1e-4,
            open_low=True,
            open_high=True,
            usual=(1e-4, 0.1),
            help="The least probability a token must have.",
            aliases=("epsilon_cutoff",),
        ),
    )
    details: ClassVar[dict[str, Quantity]] = {"floor": Quantity("Floor ε", unit="%")}

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        floor = judged.probs.new_full(judged.probs.shape[:1], self.values["epsilon"])
        return above_floor(judged.probs, floor), {"floor": floor}
