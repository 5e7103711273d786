"""Capacity: what a model and its cuts take off the size of texts, for the work they do."""

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

SOURCE = "Yuan et al. 2025, Information Capacity, and the code they publish."

SIZE = Quantity(
    "Size of the text", "S", low=0, high=30, missing="nothing was scored",
    help="Of one token, uncompressed: the bits of its UTF-8 bytes; the longer tokens are, the "
    "more.",
    formula=r"\frac{8\ln 2\cdot\mathrm{bytes}}{\mathrm{tokens}}", source=SOURCE,
)  # fmt: skip
LOSS = replace(
    SIZE, name="Loss", symbol="L", high=7,
    help="Of one token, compressed by the model: its mean surprisal over all scored tokens.",
    formula=r"-\frac1n\sum_i\ln p(x_i\mid x_{<i})",
)  # fmt: skip
GAIN = replace(
    SIZE, name="Gain", symbol="S-L", help="What the model takes off the size of a token.",
    formula=r"S-L",
)  # fmt: skip
FLOPS = Quantity(
    "Work", "F", "FLOP", low=1e8, high=1e12, scale="log", digits=0,
    help="Of one written token, the mean over 1,024 from an empty cache, with the head.",
    formula=r"n_L\,(4dd_q+4dd_{kv}+6dd_{ff}+2d_q(T-1))+2dV", source=SOURCE,
)  # fmt: skip
COUNTED = replace(
    FLOPS, name="Work as the authors count",
    help="The same, each head taken to be width / heads wide even where the model says otherwise.",
)  # fmt: skip
CAPACITY = Quantity(
    "Information capacity", "IC", "", low=-0.5, high=1.5, scale="diverging", digits=3,
    missing="one model alone fits no b",
    help="Gain in bits, with b added, over the logarithm of the work; comparable only with the "
    "same texts and the same b.",
    formula=r"\frac{(S-L)/\ln 2+b}{\log_2 F}", source=SOURCE,
)  # fmt: skip

BIASES: dict[str, float | None] = {
    "without b": 0.0,
    "b = −24, mixed texts": -24.0,
    "b = −18.7, Chinese web": -18.7,
    "b = −27, other texts": -27.0,
    "b fitted to these": None,
}
"""The variants of the formula by name: as displayed, as in the code by data set, and ours."""

MODELS = Axis("V", "model", None, lambda run, i: run.names[i])
TEXTS = Axis("X", "text", None, lambda run, i: f"{i + 1} {run.request.texts[i][:40]}")
VARIANTS = Axis("B", "variant", None, lambda run, i: list(BIASES)[i])


@dataclass(frozen=True, kw_only=True)
class CapacityRequest(Request):
    """Ask for the information capacity of a model and of what is left of it without some layers.

    Attributes:
        texts: to compress; each is read up to ``longest`` tokens.
        cuts: one a line: numbers of layers that are left out, from 0, such as "13-17" or "12 18".
        longest: tokens of a text; the authors take 1,024.
    """

    kind: ClassVar[str] = "capacity"
    texts: tuple[str, ...] = asked(label="Texts", help="To compress, one a row.", lines=6)
    cuts: tuple[str, ...] = asked(
        ("13-17", "14-16", "12 18", "10 13 16 19 22"),
        label="Cuts",
        help="One a row: layers left out, counted from 0, such as 13-17 or 12 18.",
    )
    longest: int = asked(
        512, label="Tokens of a text", help="Longer texts are cut.", low=2, high=1024
    )

    def left_out(self, layers: int) -> list[list[int]]:
        """Return the layers that each cut leaves out of so many.

        Raises:
            InputError: a cut is not written like one, or names a layer that is not there.
        """
        return [_read(each, layers) for each in self.cuts]


def _read(cut: str, layers: int) -> list[int]:
    found: set[int] = set()
    for part in cut.replace(",", " ").split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise InputError(f"{cut!r} is no cut: write layers like 13-17 or 12 18.")
        low, high = int(first), int(last or first)
        if not low <= high < layers:
            raise InputError(f"{cut!r} leaves out layers that are not there: 0 to {layers - 1}.")
        found |= set(range(low, high + 1))
    if not 0 < len(found) < layers:
        raise InputError(f"{cut!r} leaves out no layer, or all of them.")
    return sorted(found)


@RUN_KINDS.register("capacity")
@dataclass(frozen=True, kw_only=True, eq=False)
class CapacityRun(Run):
    """Numbers of V models, the whole one first, over X texts; nats a token.

    Attributes:
        tokens, octets: int32 [X], scored tokens of each text and their bytes of UTF-8.
        size: float32 [V], mean over the texts; the same of all, which share their tokens.
        loss: float32 [V], mean over all scored tokens.
        gain: float32 [V].
        flops, counted: float32 [V], with the heads as wide as they are, and as the authors count.
        capacity: float32 [V, B], by the variants of ``BIASES``, over ``counted``.
        bias: of the last variant, in bits; 0 where there is none.
        saved: float32 [V, X], gain by text.
    """

    kind: ClassVar[str] = "capacity"
    request: CapacityRequest
    tokens: np.ndarray = array("int32", TEXTS)
    octets: np.ndarray = array("int32", TEXTS)
    size: np.ndarray = array("float32", MODELS, nan="anywhere", quantity=SIZE)
    loss: np.ndarray = array("float32", MODELS, nan="anywhere", infinite=True, quantity=LOSS)
    gain: np.ndarray = array("float32", MODELS, nan="anywhere", infinite=True, quantity=GAIN)
    flops: np.ndarray = array("float32", MODELS, quantity=FLOPS)
    counted: np.ndarray = array("float32", MODELS, quantity=COUNTED)
    capacity: np.ndarray = array(
        "float32", MODELS, VARIANTS, nan="anywhere", infinite=True, quantity=CAPACITY
    )
    saved: np.ndarray = array(
        "float32", MODELS, TEXTS, nan="anywhere", infinite=True, quantity=GAIN
    )
    bias: float = 0.0

    @property
    def names(self) -> list[str]:
        """What each model is."""
        return ["whole", *(f"without {each}" for each in self.request.cuts)]

    def axes(self) -> dict[str, int]:
        own = {"V": len(self.request.cuts) + 1, "X": len(self.request.texts), "B": len(BIASES)}
        return {**super().axes(), **own}

    def check(self) -> None:
        super().check()
        if not ((self.flops >= 1).all() and (self.counted >= 1).all()):
            raise ValueError("work is a number from 1")
