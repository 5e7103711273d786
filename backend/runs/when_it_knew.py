"""When it knew: what every layer would say, if the model ended there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, TokenizedRun, check_numbers
from .fields import asked
from .layers import LINEAR_LENS, LOGIT_LENS, LayersRequest
from .token_numbers import ENTROPY, RANK

_NOT_READ = "not read: no prediction, or a layer that was left out"

LENS_ENTROPY = replace(
    ENTROPY,
    name="Entropy of the layer",
    plain="how unsure, there",
    help="How undecided a layer is, read through the model's own head. Early it says little: the "
    "state is not yet written the way the head reads.",
    formula=r"H(q_{d,i}),\quad q_{d,i}=\mathrm{head}(\mathrm{norm}(h_{d,i}))",
    source=LOGIT_LENS,
    missing=_NOT_READ,
    pieces=None,
)
KL_TO_END = Quantity(
    "Divergence to the end",
    "KL",
    high=20,
    plain="how far from the end",
    help="How much of what the model finally says is missing here: KL from the end to this layer.",
    formula=r"\mathrm{KL}(p_i\,\Vert\,q_{d,i})=\sum_v p_i(v)\ln\frac{p_i(v)}{q_{d,i}(v)}",
    source=LOGIT_LENS,
    missing=_NOT_READ,
)
LENS_RANK = replace(
    RANK,
    name="Rank of what came",
    help="Place of the token that came among all, as this layer has them.",
    formula=r"1+|\{v: q_{d,i}(v)>q_{d,i}(x_i)\}|",
    missing=_NOT_READ,
)
AGREES = Quantity(
    "Agrees with the end",
    "",
    "%",
    plain="whether it knew",
    help="Whether this layer's first choice is the one of the end.",
    formula=r"\arg\max q_{d,i}=\arg\max p_i",
    source=LOGIT_LENS,
    missing=_NOT_READ,
    digits=0,
)


def _linear(quantity: Quantity) -> Quantity:
    """Return the same number, read through a fitted map."""
    return replace(
        quantity,
        name=f"{quantity.name} (linear lens)",
        help=f"{quantity.help} Read through a map fitted to the last states.",
        formula=quantity.formula.replace("h_{d,i}", "A_dh_{d,i}+b_d"),
        source=LINEAR_LENS,
        missing="not read: no prediction, a layer left out, or no linear lens",
    )


LINEAR_ENTROPY, LINEAR_KL = _linear(LENS_ENTROPY), _linear(KL_TO_END)
LINEAR_RANK, LINEAR_AGREES = _linear(LENS_RANK), _linear(AGREES)


@dataclass(frozen=True, kw_only=True)
class WhenItKnewRequest(LayersRequest):
    """Ask what every layer would predict for every token of ``text``."""

    kind: ClassVar[str] = "when_it_knew"
    lens: Literal["both", "logit"] = asked(
        "both",
        label="Lenses",
        help="The logit lens alone, or the linear lens beside it; that is fitted once per model.",
    )
    layers: Literal["auto", "all", "every 3rd"] = asked(
        "auto",
        label="Layers read",
        help="Each costs as much as the head of the model. auto: all up to 1,024 tokens, every "
        "third above.",
    )
    lens_file: str = asked(
        "",
        label="Tuned lens",
        help="A .safetensors file of a tuned lens for this model, in place of the linear lens.",
    )


@RUN_KINDS.register("when_it_knew")
@dataclass(frozen=True, kw_only=True, eq=False)
class WhenItKnewRun(TokenizedRun):
    """The prediction of every token, read before the first layer (depth 0) and after each.

    Value *i* describes what was read off the state that predicts token *i*; NaN (-1 in ids) for
    the first token and for depths that were not read. The last depth is the model's own output.

    Attributes:
        entropy, kl: float32 [D, T], nats; of the logit lens, and KL from the end to it.
        rank: float32 [D, T], place of the token that came.
        agrees: float32 [D, T], 1 where the first choice is the end's, else 0.
        top_ids, top_logprobs: int32 and float32 [D, T, K], most likely first; nats.
        linear_entropy … linear_top_logprobs: the same through the linear lens; None without.
        linear_label: which linear lens, for people: "linear lens, fitted on 4,239 tokens".
        vocabulary: display text of every id, by id as a string.
        stopped: the reader stopped it; what was not read is NaN.
    """

    kind: ClassVar[str] = "when_it_knew"
    request: WhenItKnewRequest
    entropy: np.ndarray = array("float32", "D", "T", nan="anywhere", quantity=LENS_ENTROPY)
    kl: np.ndarray = array("float32", "D", "T", nan="anywhere", infinite=True, quantity=KL_TO_END)
    rank: np.ndarray = array("float32", "D", "T", nan="anywhere", quantity=LENS_RANK)
    agrees: np.ndarray = array("float32", "D", "T", nan="anywhere", quantity=AGREES)
    top_ids: np.ndarray = array("int32", "D", "T", "K")
    top_logprobs: np.ndarray = array("float32", "D", "T", "K", nan="anywhere", infinite=True)
    linear_entropy: np.ndarray | None = array(
        "float32", "D", "T", nan="anywhere", optional=True, quantity=LINEAR_ENTROPY
    )
    linear_kl: np.ndarray | None = array(
        "float32", "D", "T", nan="anywhere", infinite=True, optional=True, quantity=LINEAR_KL
    )
    linear_rank: np.ndarray | None = array(
        "float32", "D", "T", nan="anywhere", optional=True, quantity=LINEAR_RANK
    )
    linear_agrees: np.ndarray | None = array(
        "float32", "D", "T", nan="anywhere", optional=True, quantity=LINEAR_AGREES
    )
    linear_top_ids: np.ndarray | None = array("int32", "D", "T", "K", optional=True)
    linear_top_logprobs: np.ndarray | None = array(
        "float32", "D", "T", "K", nan="anywhere", infinite=True, optional=True
    )
    linear_label: str
    vocabulary: dict[str, str]
    stopped: bool = False

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "D": self.model.layers + 1}

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
        linear = {name for name in self.arrays() if name.startswith("linear_")}
        if len(linear) not in (0, 6) or bool(linear) != bool(self.linear_label):
            raise ValueError("a part of the linear lens is missing")
