"""Heads: how many directions their queries, keys and values fill, and which of them retrieve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, TokenizedRun
from .fields import asked
from .layers import UNCOMP, LayersRequest

_NO_HEAD = "this layer has no such heads"

QUERY_ENTROPY = Quantity(
    "Truncated entropy of queries",
    "H_k",
    low=1,
    high=3.5,  # ln 32 = 3.47
    plain="how many directions it asks in",
    help="Entropy of the largest eigenvalues of a head's queries over the tokens.",
    formula=r"-\sum_{j\le k}s_j\ln s_j",
    source=UNCOMP,
    missing=_NO_HEAD,
)
KEY_ENTROPY = replace(
    QUERY_ENTROPY, name="Truncated entropy of keys", plain="how many it is found in"
)
VALUE_ENTROPY = replace(
    QUERY_ENTROPY, name="Truncated entropy of values", plain="how many it answers in"
)
REPEAT_MASS = Quantity(
    "Found again",
    "",
    "%",
    plain="whether it looks up what came before",
    help="Mean weight, in the second of two copies of random tokens, on the token after the same "
    "one in the first. From 20 % a head is a candidate for retrieval.",
    formula=r"\tfrac1n\sum_{i>n} p_{i,\,i-n+1}",
    source="Induction heads: Olsson et al. 2022, arXiv 2209.11895. The check and its threshold "
    "are ours.",
    missing=_NO_HEAD,
    digits=1,
)


@dataclass(frozen=True, kw_only=True)
class HeadsRequest(LayersRequest):
    """Ask for the truncated matrix entropy of every head over ``text``."""

    kind: ClassVar[str] = "heads"
    kept: int = asked(
        32, label="Directions kept", low=1, help="So many of the largest eigenvalues are counted."
    )


@RUN_KINDS.register("heads")
@dataclass(frozen=True, kw_only=True, eq=False)
class HeadsRun(TokenizedRun):
    """Queries, keys and values of every head over all tokens but the first.

    Attributes:
        query_entropy, key_entropy, value_entropy: float32 [L, H], nats; heads that share keys and
            values share their numbers.
        repeat_mass: float32 [L, H], of a text of its own: the same random tokens twice.
        turned: queries and keys carry their positions already, because the layer makes them in
            one map with the values; else they are taken before positions turn them.
    """

    kind: ClassVar[str] = "heads"
    request: HeadsRequest
    query_entropy: np.ndarray = array("float32", "L", "H", nan="anywhere", quantity=QUERY_ENTROPY)
    key_entropy: np.ndarray = array("float32", "L", "H", nan="anywhere", quantity=KEY_ENTROPY)
    value_entropy: np.ndarray = array("float32", "L", "H", nan="anywhere", quantity=VALUE_ENTROPY)
    repeat_mass: np.ndarray = array("float32", "L", "H", nan="anywhere", quantity=REPEAT_MASS)
    turned: bool = False
