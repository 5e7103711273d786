"""The data-set study: figures of many texts, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from backend.runs.arrays import array
from backend.runs.base import RUN_KINDS, Request, Run, check_numbers

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
    texts: tuple[str, ...]
    add_bos: bool = False
    special_tokens: Literal["text", "special"] = "text"


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
    tokens: np.ndarray = array("int32", "N")
    mean_entropy: np.ndarray = array("float32", "N", nan="anywhere")
    max_entropy: np.ndarray = array("float32", "N", nan="anywhere")
    mean_surprisal: np.ndarray = array("float32", "N", nan="anywhere", infinite=True)
    bits_per_byte: np.ndarray = array("float32", "N", nan="anywhere", infinite=True)
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
