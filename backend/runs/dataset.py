"""The data-set study: figures of many texts, one row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run, check_numbers
from .fields import asked, bos_option, special_option
from .tables import Table
from .token_numbers import ENTROPY, SHANNON, SURPRISAL

TEXTS = Axis("N", "row", None, lambda run, i: f"{i + 1} {run.request.texts[i]}")
_UNREAD = "nothing to score"

MEAN_ENTROPY = replace(
    ENTROPY, name="Mean entropy", missing=_UNREAD, pieces=None,
    help="How undecided the model was, on average over the tokens of a text.",
    formula=r"\frac1n\sum_i H_i",
)  # fmt: skip
MAX_ENTROPY = replace(
    MEAN_ENTROPY, name="Largest entropy", help="At the token where the model was least sure.",
    formula=r"\max_i H_i",
)  # fmt: skip
MEAN_SURPRISAL = replace(
    SURPRISAL, name="Mean surprisal", missing=_UNREAD, pieces=None, high=7,
    help="How unexpected the tokens of a text were on average; its exponential is the perplexity.",
    formula=r"\frac1n\sum_i s_i",
)  # fmt: skip
BITS_PER_BYTE = Quantity(
    "Bits per byte", "bpb", "bits", high=8, missing=_UNREAD,
    help="Size of the text, had the model compressed it: bits of surprisal a byte of UTF-8.",
    formula=r"\frac{\sum_i s_i}{\ln 2\cdot\mathrm{bytes}}", source=SHANNON,
)  # fmt: skip
PERPLEXITY = Quantity(
    "Perplexity", "PPL", "", low=1, high=1000, scale="log", missing=_UNREAD,
    help="As many equally likely tokens would surprise as much.",
    formula=r"e^{\frac1n\sum_i s_i}", source="Jelinek et al. 1977.", digits=1,
)  # fmt: skip

MAX_ROWS = 10_000
MAX_DATASET_BYTES = 8_000_000
"""All texts together, in UTF-8."""

ROW_MEASURES = ("mean_entropy", "max_entropy", "mean_surprisal", "bits_per_byte")


@dataclass(frozen=True, kw_only=True)
class DatasetRequest(Request):
    """Ask for the figures of every text of ``texts``.

    Attributes:
        texts: one a row, at most 10,000.
        add_bos: read the model's beginning-of-sequence token first, so that the first token of
            every text has a prediction too.
        special_tokens: as in a text request.
    """

    kind: ClassVar[str] = "dataset"
    texts: tuple[str, ...] = asked(label="Texts", help="One a row, at most 10,000.", lines=6)
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()


@RUN_KINDS.register("dataset")
@dataclass(frozen=True, kw_only=True, eq=False)
class DatasetRun(Run):
    """Figures of N texts, each over its scored tokens; the order is that of the request.

    NaN where a text has no scored token, or could not be read; ``problems`` says why.

    Attributes:
        tokens: int32 [N], all tokens; 0 where the text could not be read.
        mean_entropy, max_entropy: float32 [N], nats.
        mean_surprisal: float32 [N], nats; its exponential is the perplexity.
        bits_per_byte: float32 [N]; total surprisal in bits over the UTF-8 bytes of the scored
            tokens.
        problems: why a text could not be read, by row number as a string.
    """

    kind: ClassVar[str] = "dataset"
    request: DatasetRequest
    tokens: np.ndarray = array("int32", TEXTS)
    mean_entropy: np.ndarray = array("float32", TEXTS, nan="anywhere", quantity=MEAN_ENTROPY)
    max_entropy: np.ndarray = array("float32", TEXTS, nan="anywhere", quantity=MAX_ENTROPY)
    mean_surprisal: np.ndarray = array(
        "float32", TEXTS, nan="anywhere", infinite=True, quantity=MEAN_SURPRISAL
    )
    bits_per_byte: np.ndarray = array(
        "float32", TEXTS, nan="anywhere", infinite=True, quantity=BITS_PER_BYTE
    )
    problems: dict[str, str]

    def __len__(self) -> int:
        return len(self.request.texts)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "N": len(self)}

    def check(self) -> None:
        super().check()
        check_numbers(self.problems, "problems")
        if any(int(row) >= len(self) for row in self.problems):
            raise ValueError("problems name rows that are not there")

    @property
    def perplexity(self) -> np.ndarray:
        """exp(mean surprisal), float32 [N]."""
        with np.errstate(over="ignore"):
            return np.exp(self.mean_surprisal)

    def tables(self) -> dict[str, Table]:
        rows: Table = {
            "row": np.arange(len(self)),
            "text": self.request.texts,
            "tokens": self.tokens,
            "mean_entropy_nats": self.mean_entropy,
            "max_entropy_nats": self.max_entropy,
            "perplexity": self.perplexity,
            "bits_per_byte": self.bits_per_byte,
            "problem": [self.problems.get(str(row), "") for row in range(len(self))],
        }
        return {"texts": rows}
