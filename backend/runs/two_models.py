"""Two models write one text: the small one where it is sure, the large one where it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import BITS_PER_NAT, Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run, check_numbers
from .capacity import CapacityRequest
from .fields import asked
from .model import ModelFacts, ModelSpec, read_spec, short_name
from .token_numbers import ENTROPY

MOST, LONGEST = 12, 256
"""Thresholds of one run, and tokens of a text."""

SOURCE = "Simonds 2025, Entropy Adaptive Decoding, arXiv 2502.06833."
_NOTHING = "the text has ended"

SMALL_ENTROPY = replace(
    ENTROPY, name="Entropy of the small model", plain="", missing=_NOTHING, pieces=None,
    help="How undecided the small model is about this token, whoever writes it.",
)  # fmt: skip
LARGE_ENTROPY = replace(
    SMALL_ENTROPY, name="Entropy of the large model",
    help="How undecided the large model is about this token, whoever writes it.",
)  # fmt: skip
LOST = Quantity(
    "KL to the large model", "KL", high=7, missing=_NOTHING,
    help="What is lost where the small model writes this token in place of the large one.",
    formula=r"\mathrm{KL}(p_L\Vert p_S)=\sum_v p_L(v)\ln\frac{p_L(v)}{p_S(v)}", source=SOURCE,
)  # fmt: skip
AGREES = Quantity(
    "Same first choice", "", "%", digits=0, missing=_NOTHING,
    help="Whether both models have the same likeliest token here.",
    formula=r"\arg\max p_S=\arg\max p_L", source="Ours.",
)  # fmt: skip
WRITER = Quantity(
    "Written by the large model", "", "%", digits=0, missing=_NOTHING,
    help="Whether the large model wrote this token: the rolling entropy before it was at the "
    "threshold or above, and long enough had passed since the last switch.",
    formula=r"\bar H_t=\frac1w\sum_{i=t-w+1}^{t}H_i\ \ge\tau", source=SOURCE,
)  # fmt: skip
THRESHOLD = Quantity(
    "Threshold",
    "τ",
    low=0,
    high=7,
    formula=r"\bar H_t\ge\tau",
    source=SOURCE,
    help="From this rolling entropy on the large model writes.",
)

TEXTS = Axis("Q", "threshold", None, lambda run, i: run.names[i])


@dataclass(frozen=True, kw_only=True)
class TwoModelsRequest(Request):
    """Ask for one text by two models, at several thresholds.

    Attributes:
        prompt: what the texts go on from.
        small: a line such as "owner/name@revision"; without it, the model itself, cut.
        cut: layers left out, from 0, such as "13-17" or "12 18".
        thresholds: in bits, each a text; the large and the small model alone come for free.
        window: tokens that the entropy is averaged over.
        least: tokens that are written before the next switch.
        longest: tokens of a text.
        temperature: 0 takes the likeliest token.
        seed: of the luck, which all texts share.
    """

    kind: ClassVar[str] = "two_models"
    prompt: str = asked(label="Prompt", help="What both models go on from.", lines=4)
    small: str = asked(
        "",
        label="Small model",
        help="With the same tokenizer: owner/name@revision, or a folder. Left empty, it is the "
        "large model without some of its layers.",
    )
    cut: str = asked(
        "13-17",
        label="Layers left out",
        help="Of the large model, where no small one is named; such as 13-17 or 12 18.",
    )
    thresholds: tuple[str, ...] = asked(
        ("2", "2.5", "3", "3.5", "4", "5"),
        label="Thresholds",
        help="In bits, one a row, each a text of its own. The large model writes from there on.",
    )
    window: int = asked(
        5, label="Window", low=1, high=64, help="Tokens that the entropy is averaged over."
    )
    least: int = asked(
        3, label="Least", low=1, high=64,
        help="Tokens before the next switch; the paper takes 10.",
    )  # fmt: skip
    longest: int = asked(48, label="Tokens", low=1, high=LONGEST, help="Of every text.")
    temperature: float = asked(
        0.0, label="Temperature", low=0, high=2, help="0 takes the likeliest token."
    )
    seed: int = asked(
        1, label="Seed", low=0, high=1_000_000, help="Of the luck that all texts share."
    )

    @property
    def small_spec(self) -> ModelSpec | None:
        """The small model that is named; None for a cut.

        Raises:
            InputError: the line names no model.
        """
        return read_spec(self.small) if self.small.strip() else None

    def bounds(self) -> np.ndarray:
        """Return the thresholds in nats, −∞ first and ∞ last, float64 [Q].

        Raises:
            InputError: one is no number of bits from 0, stands there twice, or there are too many.
        """
        found = []
        for each in self.thresholds:
            try:
                bits = float(each)
            except ValueError:
                bits = math.nan
            if not 0 <= bits < math.inf:
                raise InputError(f"{each!r} is no threshold: write bits such as 2.5.")
            found.append(bits)
        if not 1 <= len(found) <= MOST or len(set(found)) < len(found):
            raise InputError(f"Give 1 to {MOST} thresholds, none twice.")
        return np.array([-math.inf, *sorted(found), math.inf]) / BITS_PER_NAT

    def left_out(self, layers: int) -> list[int]:
        """Return the layers that the small model lacks.

        Raises:
            InputError: the cut is none.
        """
        return CapacityRequest(texts=(), cuts=(self.cut,)).left_out(layers)[0]


@RUN_KINDS.register("two_models")
@dataclass(frozen=True, kw_only=True, eq=False)
class TwoModelsRun(Run):
    """Q texts of up to N tokens, one a threshold; beyond the end of a text NaN, and −1 in ids.

    Both models read every token, so that there are the numbers of both; nats.

    Attributes:
        prompt_text: what was read first.
        bounds: float32 [Q], thresholds in nats: −∞ for the large model alone, ∞ for the small.
        token_ids: int32 [Q, N].
        writer: float32 [Q, N], 1 where the large model wrote, else 0.
        small_entropy, large_entropy: float32 [Q, N].
        kl: float32 [Q, N], KL(large ‖ small).
        agrees: float32 [Q, N], 1 where both have one first choice, else 0.
        ratio: of the parameters a token passes, small over large.
        models: what a named small model turned out to be, by its name; empty for a cut.
        vocabulary: display text of every id, by id as a string.
        parts: what a token shows that is a part of a character, by "text.step".
        stopped: the reader stopped it.
    """

    kind: ClassVar[str] = "two_models"
    request: TwoModelsRequest
    prompt_text: str
    bounds: np.ndarray = array("float32", TEXTS, infinite=True, quantity=THRESHOLD)
    token_ids: np.ndarray = array("int32", TEXTS, "N")
    writer: np.ndarray = array("float32", TEXTS, "N", nan="anywhere", quantity=WRITER)
    small_entropy: np.ndarray = array("float32", TEXTS, "N", nan="anywhere", quantity=SMALL_ENTROPY)
    large_entropy: np.ndarray = array("float32", TEXTS, "N", nan="anywhere", quantity=LARGE_ENTROPY)
    kl: np.ndarray = array("float32", TEXTS, "N", nan="anywhere", infinite=True, quantity=LOST)
    agrees: np.ndarray = array("float32", TEXTS, "N", nan="anywhere", quantity=AGREES)
    ratio: float
    models: dict[str, ModelFacts]
    vocabulary: dict[str, str]
    parts: dict[str, str]
    stopped: bool = False

    @property
    def names(self) -> list[str]:
        """What each text is called."""
        ends = {-math.inf: "large alone", math.inf: "small alone"}
        return [
            ends.get(each, f"τ = {each * BITS_PER_NAT:.3g} bits") for each in self.bounds.tolist()
        ]

    @property
    def small_name(self) -> str:
        """What the small model is."""
        spec = self.request.small_spec
        if spec is not None:
            return short_name(spec)
        return f"without layers {self.request.cut}"

    def token(self, text: int, step: int) -> str:
        """Return what a token shows."""
        own = self.vocabulary.get(str(int(self.token_ids[text, step])), "")
        return self.parts.get(f"{text}.{step}", own)

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
        if not 0 < self.ratio < math.inf:
            raise ValueError("ratio is a number above 0")
        for each in self.models.values():
            each.check()
