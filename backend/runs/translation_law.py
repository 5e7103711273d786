"""The law of translation: loss by the sizes of encoder and decoder, given or fitted to points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec

SOURCE = "Ghorbani et al. 2021, arXiv 2109.07740; the numbers are the reader's."
MOST_POINTS = 500

LOSS = Quantity(
    "Loss", "L", low=0.5, high=3, digits=3,
    help="Of a token of the translation, at these sizes of encoder and decoder.",
    formula=r"\alpha\,(\bar N_e/N_e)^{p_e}(\bar N_d/N_d)^{p_d}+L_\infty", source=SOURCE,
)  # fmt: skip
OF_BUDGET = replace(
    LOSS, name="Loss of a budget",
    help="When so much of all parameters is the encoder's: flat around its best share.",
)  # fmt: skip
ERROR = Quantity(
    "What the fit leaves", "", "", low=0, high=0.05, digits=4, missing="no points were given",
    help="Root mean square of what is left of ln(L − floor) at each floor: few points determine "
    "the floor badly.",
    formula=r"\sqrt{\overline{(\ln(L-L_\infty)-\widehat{\ln(L-L_\infty)})^2}}", source=SOURCE,
)  # fmt: skip


def millions(size: float) -> str:
    """Return a number of parameters as people write it: "125 M"."""
    return f"{size / 1e6:,.3g} M" if size < 1e9 else f"{size / 1e9:,.3g} B"


ENCODERS = Axis("X", "encoder", None, lambda run, i: millions(float(run.sizes[i])))
DECODERS = Axis("Y", "decoder", None, lambda run, i: millions(float(run.sizes[i])))
SIZES = Axis("G", "size")
SHARES = Axis("Q", "share of the encoder", None, lambda run, i: f"{float(run.shares[i]):.0%}")
FLOORS = Axis("F", "floor", None, lambda run, i: f"{float(run.floors[i]):.3f} nats")


@dataclass(frozen=True, kw_only=True)
class TranslationLawRequest(Request):
    """Ask for the surface of a law, by its constants or by points to fit it to.

    Attributes:
        points: one a row: parameters of encoder and decoder, and the loss in nats. With at least
            four of them the law is fitted; its constants below are not used then.
        scale, encoder_power, decoder_power, floor: α, pe, pd and L∞, at 100 million each.
        budget: parameters of both together, in millions.
    """

    kind: ClassVar[str] = "translation_law"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    points: tuple[str, ...] = asked(
        (), label="Points", help="One a row: encoder, decoder, loss, such as 5e7 2e8 1.568.",
        lines=6,
    )  # fmt: skip
    scale: float = asked(
        0.4, label="Scale α", help="Reducible loss at 100 million each.", low=0.001, high=20
    )
    encoder_power: float = asked(
        0.18, label="Power of the encoder", help="How fast its size helps.", low=0.0, high=2
    )
    decoder_power: float = asked(
        0.3, label="Power of the decoder", help="How fast its size helps.", low=0.0, high=2
    )
    floor: float = asked(
        1.2, label="Floor L∞", help="What no size takes away, nats.", low=0.0, high=10
    )
    budget: float = asked(
        1000.0, label="Budget, millions", help="Of both together.", low=1.0, high=1e6
    )

    def measured(self) -> list[tuple[float, float, float]]:
        """Return the points.

        Raises:
            InputError: a row is no point, or there are too many, or too few for a fit.
        """
        if len(self.points) > MOST_POINTS or 0 < len(self.points) < 4:
            raise InputError(
                f"There are {len(self.points)} points; a fit takes 4 to {MOST_POINTS}."
            )
        return [_read(each) for each in self.points]


def _read(row: str) -> tuple[float, float, float]:
    try:
        encoder, decoder, loss = (float(each) for each in row.replace(",", " ").split())
    except ValueError as error:
        raise InputError(f"{row[:60]!r} is no point: write encoder, decoder, loss.") from error
    if not (1e3 <= encoder <= 1e14 and 1e3 <= decoder <= 1e14 and 0 < loss < 100):
        raise InputError(f"{row[:60]!r} is no point: sizes from 1,000 on, a loss above 0.")
    return encoder, decoder, loss


@RUN_KINDS.register("translation_law")
@dataclass(frozen=True, kw_only=True, eq=False)
class TranslationLawRun(Run):
    """A law and its surface.

    Attributes:
        scale, encoder_power, decoder_power, floor: of the law, given or fitted.
        determined: whether points of both sides were there to fit both powers.
        sizes: float32 [G], parameters, of either side.
        loss: float32 [Y, X], X = Y = G: decoders down, encoders to the right.
        shares: float32 [Q], of the encoder in the budget.
        of_budget: float32 [Q].
        floors, error: float32 [F], the profile of the fit; one NaN where nothing was fitted.
    """

    kind: ClassVar[str] = "translation_law"
    request: TranslationLawRequest
    scale: float
    encoder_power: float
    decoder_power: float
    floor: float
    determined: bool = True
    sizes: np.ndarray = array("float32", SIZES)
    loss: np.ndarray = array("float32", DECODERS, ENCODERS, quantity=LOSS)
    shares: np.ndarray = array("float32", SHARES)
    of_budget: np.ndarray = array("float32", SHARES, quantity=OF_BUDGET)
    floors: np.ndarray = array("float32", FLOORS, nan="anywhere")
    error: np.ndarray = array("float32", FLOORS, nan="anywhere", quantity=ERROR)

    def check(self) -> None:
        super().check()
        if set(self.loss.shape) != {len(self.sizes)}:
            raise ValueError("loss has a row and a column for every size")
