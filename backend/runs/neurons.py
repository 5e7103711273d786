"""Neurons: how the inner units of every MLP share the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, TokenizedRun
from .layers import LayersRequest

_NO_MLP = "this layer has no plain MLP"

HISTOGRAM_ENTROPY = Quantity(
    "Histogram entropy",
    "H",
    high=4.85,  # ln of 128 bins
    plain="how varied the activations",
    help="Entropy of the histogram of all activations, in 128 bins from −8 to 8.",
    formula=r"-\sum_b p_b\ln p_b",
    source="The bins are ours; entropy of activations after Sun et al. 2024, arXiv 2405.12954.",
    missing=_NO_MLP,
)
SILENT = Quantity(
    "Silent neurons",
    "",
    "%",
    plain="how sparse",
    help="Share of neurons with an activation nearer to 0 than 0.05. A ReLU of a symmetric input "
    "would silence half.",
    formula=r"|\{n: |a_n|<0.05\}|/N",
    source="The threshold is ours.",
    missing=_NO_MLP,
    digits=1,
)
SHARE_ENTROPY = Quantity(
    "Evenness of neurons",
    "",
    "%",
    plain="how evenly they work",
    help="Entropy of the neurons' shares of the total strength, over its largest: 100 % where all "
    "are equally strong.",
    formula=r"H\bigl(|a|/\textstyle\sum|a|\bigr)/\ln N",
    source="Shannon 1948.",
    missing=_NO_MLP,
    digits=1,
)


@dataclass(frozen=True, kw_only=True)
class NeuronsRequest(LayersRequest):
    """Ask for the activations inside every MLP, over ``text``."""

    kind: ClassVar[str] = "neurons"


@RUN_KINDS.register("neurons")
@dataclass(frozen=True, kw_only=True, eq=False)
class NeuronsRun(TokenizedRun):
    """What goes into the last projection of every MLP, at every token.

    Attributes:
        silent, share_entropy: float32 [L, T]; NaN in layers without a plain MLP.
        histogram_entropy: float32 [L], nats, over all tokens but the first.
        neurons: of one MLP; 0 in a layer without a plain one, int32 [L].
    """

    kind: ClassVar[str] = "neurons"
    request: NeuronsRequest
    silent: np.ndarray = array("float32", "L", "T", nan="anywhere", quantity=SILENT)
    share_entropy: np.ndarray = array("float32", "L", "T", nan="anywhere", quantity=SHARE_ENTROPY)
    histogram_entropy: np.ndarray = array(
        "float32", "L", nan="anywhere", quantity=HISTOGRAM_ENTROPY
    )
    neurons: np.ndarray = array("int32", "L")
