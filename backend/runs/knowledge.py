"""Knowledge: how many bits of random facts a network holds in each parameter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec

SOURCE = "Allen-Zhu and Li 2024, arXiv 2404.05405; facts of random codes are ours."

BITS = Quantity(
    "Bits a parameter", "R", "bits a parameter", high=2.5, missing="diverged",
    help="What is known of all facts, over the parameters.",
    formula=r"R=\frac{N(\ln C-L)}{P\ln2}", source=SOURCE,
)  # fmt: skip
ROUNDED = replace(
    BITS, name="Bits a parameter, rounded", missing="not measured yet",
    help="The same after the weights were rounded to so many bits.",
)  # fmt: skip
ASKED = Quantity(
    "Asked of it", "", "bits a parameter", low=0, high=8,
    help="Bits of all facts, over the parameters.", formula=r"N\log_2 C/P", source=SOURCE,
)  # fmt: skip
KNOWN = Quantity(
    "Facts known", "", "%", digits=1, missing="diverged", help="Told rightly.",
    formula=r"\#\{\hat c=c\}/N", source=SOURCE,
)  # fmt: skip

NETWORKS = Axis("V", "network", None, lambda run, i: run.named(i))
RECORDS = Axis("I", "step", "step", lambda run, i: f"step {run.step[i]}")
ROUNDINGS = Axis("Z", "rounding", None, lambda run, i: f"{run.roundings[i]} bits")


@dataclass(frozen=True, kw_only=True)
class KnowledgeRequest(Request):
    """Ask for networks that learn random facts, each many times.

    Attributes:
        exposures: how often each fact is seen, beside 100.
        learning_rate: of Adam, brought down.
        seed: of the first weights.
    """

    kind: ClassVar[str] = "knowledge"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    exposures: int = asked(
        1000, label="Exposures", help="How often each fact is seen, beside 100.", low=200, high=1000
    )
    learning_rate: float = asked(
        0.01, label="Learning rate", help="Of Adam, brought down.", low=1e-3, high=0.1
    )
    seed: int = asked(0, label="Seed", help="Of the first weights.", low=0, high=10_000)


@RUN_KINDS.register("knowledge")
@dataclass(frozen=True, kw_only=True, eq=False)
class KnowledgeRun(Run):
    """What V networks know after every of I records.

    Attributes:
        step: int32 [I].
        parameters, facts, exposures: int32 [V], of each network.
        asked: float32 [V].
        bits, known: float32 [I, V].
        roundings: int32 [Z], bits.
        rounded: float32 [V, Z]; NaN until all is learned.
    """

    kind: ClassVar[str] = "knowledge"
    request: KnowledgeRequest
    step: np.ndarray = array("int32", RECORDS)
    parameters: np.ndarray = array("int32", NETWORKS)
    facts: np.ndarray = array("int32", NETWORKS)
    exposures: np.ndarray = array("int32", NETWORKS)
    asked: np.ndarray = array("float32", NETWORKS, quantity=ASKED)
    bits: np.ndarray = array("float32", RECORDS, NETWORKS, nan="anywhere", quantity=BITS)
    known: np.ndarray = array("float32", RECORDS, NETWORKS, nan="anywhere", quantity=KNOWN)
    roundings: np.ndarray = array("int32", ROUNDINGS)
    rounded: np.ndarray = array("float32", NETWORKS, ROUNDINGS, nan="anywhere", quantity=ROUNDED)

    def named(self, place: int) -> str:
        """Return a name of a network."""
        size, facts = int(self.parameters[place]), int(self.facts[place])
        return f"{size:,} parameters, {facts:,} facts × {int(self.exposures[place]):,}"
