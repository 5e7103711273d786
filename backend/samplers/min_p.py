"""Min-p sampling."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ..quantities import Quantity
from .base import Distribution, State, Truncation, sampler
from .parameters import Number


@sampler("min_p")
class MinP(Truncation):
    """Tokens at least ``min_p`` times as likely as the most likely one."""

    label = "Min-p"
    group = "truncation"
    formula = r"S = \{\,i : p_i \ge m\,p_{\max}\,\}"
    explanation = (
        "The floor moves with the model's confidence: with a sure first token it is high and few "
        "survive, with a flat distribution it is low and many do."
    )
    source = "Nguyen et al. 2024, arXiv 2407.01082."
    parameters = (
        Number(
            "min_p",
            "Floor m, as a share of the likeliest",
            default=0.1,
            low=0.0,
            high=1.0,
            step=0.01,
            help="The least probability, as a share of the most likely token's.",
            aliases=("m", "p"),
        ),
    )
    details: ClassVar[dict[str, Quantity]] = {"floor": Quantity("Floor m·p_max", unit="%")}

    def keep(self, judged: Distribution, state: State) -> tuple[Tensor, dict[str, Tensor]]:
        floor = self.values["min_p"] * judged.probs.amax(-1)
        return judged.probs >= floor[:, None], {"floor": floor}
