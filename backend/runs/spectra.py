"""Spectra: how many directions the states of a text fill, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, TokenizedRun
from .fields import asked
from .layers import DIFFUSION, NUCLEAR, UNCOMP, LayersRequest
from .residual_norms import RESIDUAL_NORM

_TOO_SHORT = "too few tokens"

MATRIX_ENTROPY = Quantity(
    "Matrix entropy",
    "H",
    high=6,
    plain="how many directions",
    help="Entropy of the spectrum of the tokens' states, each cut to length 1. It grows with the "
    "number of tokens: compare equal lengths only.",
    formula=r"-\sum_k s_k\ln s_k,\quad s=\mathrm{eig}(X^\top X/n)",
    source=f"{UNCOMP} {NUCLEAR}",
    missing=_TOO_SHORT,
)
WITH_FIRST = replace(MATRIX_ENTROPY, name="Matrix entropy with the first token")
FIRST_NORM = replace(RESIDUAL_NORM, name="Residual norm of the first token")
NUCLEAR_NORM = Quantity(
    "Matrix Nuclear-Norm a token",
    "‖X‖",
    "",
    high=1,
    plain="how many directions, cheaply",
    help="Sum of the longest columns of the states, over the number of tokens: needs no "
    "eigenvalues, and so costs a fraction. Compare equal lengths only.",
    formula=r"\tfrac1n\sum_{j\le\min(n,d)}\lVert X_{:,j}\rVert_2",
    source=NUCLEAR,
    missing=_TOO_SHORT,
)
DIFFUSION_ENTROPY = Quantity(
    "Diffusion spectral entropy",
    "DSE",
    high=6,
    plain="how many regions",
    help="Entropy of a random walk among the states: how many regions they fall into, whatever "
    "the noise. The width of a step is the median distance of two states.",
    formula=r"-\sum_k\alpha_k\ln\alpha_k,\quad\alpha_k=|\lambda_k|/\textstyle\sum|\lambda|",
    source=DIFFUSION,
    missing=_TOO_SHORT,
)
EIGENVALUE = Quantity(
    "Share of a direction",
    "s",
    "%",
    help="Share of the strongest directions, one after another.",
    formula=r"s_k",
    source=UNCOMP,
    missing=_TOO_SHORT,
    digits=1,
)
DIRECTION = Axis("E", "direction", None, lambda run, i: str(i + 1))
SHOWN_DIRECTIONS = 32


@dataclass(frozen=True, kw_only=True)
class SpectraRequest(LayersRequest):
    """Ask for the spectrum of the states of ``text`` at every depth."""

    kind: ClassVar[str] = "spectra"
    most: int = asked(
        2048,
        label="Tokens measured",
        low=2,
        help="A longer text is measured at so many of its tokens, evenly spaced.",
    )


@RUN_KINDS.register("spectra")
@dataclass(frozen=True, kw_only=True, eq=False)
class SpectraRun(TokenizedRun):
    """One number a depth, from before the first layer to before the final norm.

    The first token is left out: it is an attention sink, so long that it moves the mean of all.

    Attributes:
        matrix_entropy, diffusion_entropy: float32 [D], nats; NaN for fewer than three tokens.
        with_first: float32 [D], nats, matrix entropy with the first token.
        nuclear_norm: float32 [D], per token.
        norm, first_norm: float32 [D], mean length of the states, and that of the first token.
        eigenvalues: float32 [D, E], the largest, of sum 1; 0 where there are fewer.
        measured: how many tokens were measured, the first left out.
        diffused: how many of these DSE was computed from.
        seconds_of: how long each measure took over all depths, by name.
    """

    kind: ClassVar[str] = "spectra"
    request: SpectraRequest
    matrix_entropy: np.ndarray = array("float32", "D", nan="anywhere", quantity=MATRIX_ENTROPY)
    with_first: np.ndarray = array("float32", "D", nan="anywhere", quantity=WITH_FIRST)
    nuclear_norm: np.ndarray = array("float32", "D", nan="anywhere", quantity=NUCLEAR_NORM)
    diffusion_entropy: np.ndarray = array(
        "float32", "D", nan="anywhere", quantity=DIFFUSION_ENTROPY
    )
    norm: np.ndarray = array("float32", "D", nan="anywhere", quantity=RESIDUAL_NORM)
    first_norm: np.ndarray = array("float32", "D", quantity=FIRST_NORM)
    eigenvalues: np.ndarray = array("float32", "D", DIRECTION, nan="anywhere", quantity=EIGENVALUE)
    measured: int
    diffused: int
    seconds_of: dict[str, float]

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "D": self.model.layers + 1, "E": SHOWN_DIRECTIONS}

    def check(self) -> None:
        super().check()
        if (self.matrix_entropy < 0).any() or (self.diffusion_entropy < 0).any():
            raise ValueError("an entropy cannot be negative")
        if not 0 <= self.diffused <= self.measured <= len(self):
            raise ValueError("measured and diffused count tokens, the first left out")
