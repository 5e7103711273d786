"""Marginals: log p of the seen part of a picture, in one pass and by chains, pixel by pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec

PAPER, INK, HIDDEN = 0, 1, 2
SIGNS = {".": PAPER, "0": PAPER, "#": INK, "1": INK, "?": HIDDEN}
SIDE = 8
"""Of a digit: as many rows and columns."""
MOST_PIXELS, LONGEST = 8, 20_000
SLACK = 1e-6
"""By which a joint may miss 1: what ten digits lose."""

SOURCE = "Liu, Ramadge and Adams 2023, arXiv 2310.12920; f(∅) = 0 by subtraction."
ONE_PASS = Quantity(
    "One pass", "f", low=-40, high=0, plain="how likely what is seen is",
    help="Log-probability of the pixels that are seen, by one pass of one network.",
    formula=r"f(x_s)\approx\log p(x_s)", source=SOURCE,
)  # fmt: skip
CHAIN = replace(
    ONE_PASS, name="Chain", symbol="log p",
    help="The same as a sum over one pixel after another: a pass each, in a random order.",
    formula=r"\sum_d\log p(x_{\sigma(d)}\mid x_{\sigma<d})", source="The chain rule.",
)  # fmt: skip
EXACT = replace(
    ONE_PASS, name="Truth", symbol="log p", missing="the truth is not known, or its p is 0",
    help="By your own joint.", formula=r"\log\sum_{x\supseteq x_s}p(x)", source="A sum in float64.",
)  # fmt: skip
GIVEN = replace(
    ONE_PASS, name="With one more pixel", missing="it is seen",
    help="One pass with one more pixel seen, as paper or as ink.", formula=r"f(x_s,x_i=v)",
)  # fmt: skip
INK_P = Quantity(
    "p of ink", "p", "%", digits=0, missing="it is seen",
    help="Of a pixel that is not seen, by the network of pixels.",
    formula=r"p_\varphi(x_i=1\mid x_s)", source=SOURCE,
)  # fmt: skip
REFERENCE = replace(
    CHAIN, name="What it should be", missing="its p is 0",
    help="Digits: the mean p of six chains. A joint of your own: the truth.",
    formula=r"\log\frac1R\sum_rp_r(x)",
)  # fmt: skip


SHOWN = Axis("I", "step", "step")
PIXEL = Axis("X", "pixel", None, lambda run, i: run.pixel(i))
ORDER = Axis("O", "order", None, lambda run, i: str(i + 1))
CASE = Axis("C", "case", None, lambda run, i: run.case(i))


@dataclass(frozen=True, kw_only=True)
class MarginalsRequest(Request):
    """Ask how likely every part of a picture is, as its pixels are shown.

    Attributes:
        picture: "#" for ink, "." for paper and "?" for what stays hidden; 8 × 8 for a digit.
        order: in which pixels are shown.
        draw: whether hidden pixels are drawn in the end.
        joint: 2^X probabilities, the first pixel the slowest; empty for digits.
        seed: of orders and draws, and of the networks of a joint.
    """

    kind: ClassVar[str] = "marginals"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    picture: str = asked(
        label="Picture", lines=SIDE,
        help="# is ink, . is paper, ? stays hidden. A digit has 8 rows of 8 signs.",
    )  # fmt: skip
    order: Literal["uncertain", "rows", "random"] = asked(
        "uncertain", label="Shown first",
        help="What is most uncertain, row by row, or in a random order.",
    )  # fmt: skip
    draw: bool = asked(
        False, label="Draw what is hidden",
        help="In the end hidden pixels are drawn, one after another.",
    )  # fmt: skip
    joint: str = asked(
        "", label="Your own joint", lines=3,
        help="Probabilities of all pictures of 1 to 8 pixels, 000 first, then 001; networks learn "
        "it here. Leave it empty for digits.",
    )  # fmt: skip
    seed: int = asked(0, label="Seed", low=0, high=10_000, help="Of orders, draws and training.")

    def values(self) -> list[int]:
        """Return each pixel: ``PAPER``, ``INK`` or ``HIDDEN``.

        Raises:
            InputError: another sign is there, or not as many as needed.
        """
        signs = "".join(self.picture[:LONGEST].split())
        wrong = next((each for each in signs if each not in SIGNS), None)
        if wrong is not None:
            raise InputError(f"The picture has {wrong!r}: write # for ink, . for paper, ? to hide.")
        joint = self.probabilities()
        count = SIDE * SIDE if joint is None else len(joint).bit_length() - 1
        if len(signs) != count:
            of = "a digit has 8 rows of 8" if joint is None else f"your joint has {count}"
            raise InputError(f"The picture has {len(signs):,} pixels; {of}.")
        return [SIGNS[each] for each in signs]

    def probabilities(self) -> np.ndarray | None:
        """Return the reader's joint, float64 [2^X]; None for digits.

        Raises:
            InputError: it is no distribution over the pictures of 1 to 8 pixels.
        """
        words = self.joint[:LONGEST].replace(",", " ").replace(";", " ").split()
        if not words:
            return None
        try:
            found = np.array([float(each) for each in words])
        except ValueError:
            raise InputError(
                "Your joint has something that is no number: write probabilities such as .25, with "
                "spaces between."
            ) from None
        if not (np.isfinite(found) & (found >= 0)).all():
            raise InputError("Your joint has a probability below 0 or one that is no number.")
        if len(found) not in {2**pixels for pixels in range(1, MOST_PIXELS + 1)}:
            raise InputError(
                f"Your joint has {len(found)} numbers; pictures of 1 to {MOST_PIXELS} pixels need "
                "2, 4, 8 and so on up to 256."
            )
        total = math.fsum(found.tolist())
        if abs(total - 1) > SLACK:
            raise InputError(f"Your joint sums to {total:.6g}; probabilities have to sum to 1.")
        return found


@RUN_KINDS.register("marginals")
@dataclass(frozen=True, kw_only=True, eq=False)
class MarginalsRun(Run):
    """What two networks say as X pixels are shown one after another, I − 1 in all.

    Attributes:
        values: int32 [X], each pixel in the end; ``HIDDEN`` where it was never shown.
        shown: int32 [I], the pixel shown at each step; −1 at first.
        drawn: int32 [I], 1 where the networks drew it.
        one_pass: float32 [I], nats.
        chain: float32 [I, O], over random orders.
        exact: float32 [I]; NaN where the truth is not known.
        ink: float32 [I, X], p of ink; NaN where seen, as are the next two.
        given_paper, given_ink: float32 [I, X], of one pass with one more pixel.
        case_one_pass, case_reference: float32 [C], for test digits, or all parts of pictures of a
            joint.
    """

    kind: ClassVar[str] = "marginals"
    request: MarginalsRequest
    values: np.ndarray = array("int32", PIXEL)
    shown: np.ndarray = array("int32", SHOWN)
    drawn: np.ndarray = array("int32", SHOWN)
    one_pass: np.ndarray = array("float32", SHOWN, quantity=ONE_PASS)
    chain: np.ndarray = array("float32", SHOWN, ORDER, quantity=CHAIN)
    exact: np.ndarray = array("float32", SHOWN, nan="anywhere", quantity=EXACT)
    ink: np.ndarray = array("float32", SHOWN, PIXEL, nan="anywhere", quantity=INK_P)
    given_paper: np.ndarray = array("float32", SHOWN, PIXEL, nan="anywhere", quantity=GIVEN)
    given_ink: np.ndarray = array(
        "float32", SHOWN, PIXEL, nan="anywhere", quantity=replace(GIVEN, name="With one more ink")
    )
    case_one_pass: np.ndarray = array("float32", CASE, quantity=ONE_PASS)
    case_reference: np.ndarray = array("float32", CASE, nan="anywhere", quantity=REFERENCE)

    @property
    def side(self) -> int:
        """How many pixels a row has."""
        return SIDE if len(self.values) == SIDE * SIDE else len(self.values)

    def pixel(self, place: int) -> str:
        """Return a pixel's name: row and column of a digit, else its number."""
        row, column = divmod(place, self.side)
        if len(self.values) > self.side:
            return f"row {row + 1}, column {column + 1}"
        return f"pixel {place + 1}"

    def case(self, place: int) -> str:
        """Return a case's name: the part of a picture that is seen, or a test digit's number."""
        pixels = len(self.values)
        if len(self.case_one_pass) != 3**pixels:
            return f"test digit {place + 1}"
        return "".join("01?"[place // 3**i % 3] for i in reversed(range(pixels)))

    def when(self) -> np.ndarray:
        """Return the step at which each pixel was shown, int64 [X]; the last one + 1 for never."""
        found = np.full(len(self.values), len(self.shown))
        for step, place in enumerate(self.shown.tolist()):
            if 0 <= place < len(found):  # a file may hold anything
                found[place] = step
        return found

    def check(self) -> None:
        super().check()
        if not (len(self.shown) and len(self.values) and self.chain.shape[1]):
            raise ValueError("there is a step, a pixel and an order at least")
