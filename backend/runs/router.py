"""Router: which experts a mixture of experts gives each token to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, TokenizedRun
from .layers import EXPERTS, LayersRequest

_NO_ROUTER = "this layer has no router"

ROUTER_ENTROPY = Quantity(
    "Router entropy",
    "H",
    high=3,
    plain="how unsure between experts",
    help="How undecided the router was between the experts, for a token.",
    formula=r"-\sum_e p_e\ln p_e",
    source=EXPERTS,
    missing=_NO_ROUTER,
)
LOAD = Quantity(
    "Load",
    "f",
    "",
    high=1,
    plain="how much it gets to do",
    help="Tokens an expert is given, over all tokens; with k experts a token they sum to k.",
    formula=r"f_e=\tfrac1T|\{i: e\in\mathrm{top}_k(i)\}|",
    source=EXPERTS,
    missing=_NO_ROUTER,
)
EXPERT_INFORMATION = Quantity(
    "Information between token and expert",
    "I",
    high=2,
    plain="how much the token decides",
    help="Entropy of the mean choice minus mean entropy of the choices: 0 where every token is "
    "treated alike.",
    formula=r"H(\bar p)-\overline{H(p_i)}",
    source=EXPERTS,
    missing=_NO_ROUTER,
)
BALANCE = Quantity(
    "Balancing loss over k",
    "",
    "",
    low=1,
    high=4,
    plain="how unevenly it is loaded",
    help="The loss that keeps experts alive in training, over the experts a token: 1 is perfect.",
    formula=r"\tfrac Ek\sum_e f_eP_e",
    source="As in transformers, but layer by layer: pooled, it hides layers that use few experts.",
    missing=_NO_ROUTER,
)
EXPERT = Axis("X", "expert")


@dataclass(frozen=True, kw_only=True)
class RouterRequest(LayersRequest):
    """Ask which experts each token of ``text`` is given to."""

    kind: ClassVar[str] = "router"


@RUN_KINDS.register("router")
@dataclass(frozen=True, kw_only=True, eq=False)
class RouterRun(TokenizedRun):
    """The routers of a mixture of experts; NaN (-1 in ``experts``) in layers without one.

    Attributes:
        router_entropy: float32 [L, T], nats.
        load: float32 [L, X], assignments a token; sums to k.
        probability: float32 [L, X], mean weight of every expert.
        information, balance: float32 [L], nats and a ratio.
        experts: int32 [L, T, C], the k chosen, best first.
        weighing: how scores become weights: "softmax" over all experts, "top_softmax" over the
            chosen, or a "sigmoid" each.
    """

    kind: ClassVar[str] = "router"
    request: RouterRequest
    router_entropy: np.ndarray = array("float32", "L", "T", nan="anywhere", quantity=ROUTER_ENTROPY)
    load: np.ndarray = array("float32", "L", EXPERT, nan="anywhere", quantity=LOAD)
    probability: np.ndarray = array("float32", "L", EXPERT, nan="anywhere")
    information: np.ndarray = array("float32", "L", nan="anywhere", quantity=EXPERT_INFORMATION)
    balance: np.ndarray = array("float32", "L", nan="anywhere", quantity=BALANCE)
    experts: np.ndarray = array("int32", "L", "T", Axis("C", "choice"))
    weighing: Literal["softmax", "top_softmax", "sigmoid"] = "softmax"
