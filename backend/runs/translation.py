"""Translation: an encoder and a decoder, token by token, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked
from .model import NO_MODEL, ModelSpec
from .token_numbers import ENTROPY, RANK, SURPRISAL

BAHDANAU = "Attention to a source: Bahdanau et al. 2015, arXiv 1409.0473; its entropy is Shannon's."
CROSS = Quantity(
    "Attention to the source", "a", "%", missing="no such token",
    help="How much a token of the translation looks at one of the source.",
    formula=r"a_{t,s}=\mathrm{softmax}_s(q_t\cdot k_s/\sqrt{d})", source=BAHDANAU, digits=1,
)  # fmt: skip
CROSS_ENTROPY = replace(
    ENTROPY, name="Entropy of attention to the source", symbol="H_a", high=4, plain="", pieces=None,
    help="How widely the decoder looks over the source: 0 at one token of it.",
    formula=r"-\sum_s a_{t,s}\ln a_{t,s}", source=BAHDANAU,
)  # fmt: skip
ENCODER_ENTROPY = replace(
    CROSS_ENTROPY, name="Entropy of attention within the source",
    help="How widely a token of the source looks over the whole source, both ways.",
)  # fmt: skip


def _source_token(run: Any, i: int) -> str:
    return f"{i} {run.source_tokens[i].strip() or '·'}"


SOURCE = Axis("U", "source token", None, _source_token)
ENCODER = Axis("E", "encoder layer")


@dataclass(frozen=True, kw_only=True)
class TranslationRequest(Request):
    """Ask for a translation, written greedily, with every number of every step.

    Attributes:
        source: to translate; one or a few sentences.
        direction: which of the two translators.
        translation: to score; the translator writes its own when left empty.
    """

    kind: ClassVar[str] = "translation"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    source: str = asked(label="Text", help="To translate; one or a few sentences.", lines=3)
    direction: Literal["English → Portuguese", "Portuguese → English"] = asked(
        "English → Portuguese", label="Direction", help="Which way; each has a model of its own."
    )
    translation: str = asked(
        "", label="Translation", help="To score; left empty, the model writes its own.", lines=3
    )


@RUN_KINDS.register("translation")
@dataclass(frozen=True, kw_only=True, eq=False)
class TranslationRun(TokenizedRun):
    """T tokens of a translation, the end last, over U of the source, the end last too.

    Every token of a translation has a prediction, the first one too.

    Attributes:
        entropy, surprisal, rank: float32 [T], over all tokens there are.
        top_ids, top_logprobs: [T, K], the likeliest first; nats.
        vocabulary: display text of every id in ``top_ids``, by id as a string.
        source_offsets: int32 [U, 2], in the source as asked for.
        cross: float32 [L, H, T, U], of the decoder's L layers.
        cross_entropy: float32 [L, H, T].
        encoder_entropy: float32 [E, H, U], of the encoder's E layers.
    """

    kind: ClassVar[str] = "translation"
    request: TranslationRequest
    entropy: np.ndarray = array("float32", "T", quantity=ENTROPY)
    surprisal: np.ndarray = array("float32", "T", infinite=True, quantity=SURPRISAL)
    rank: np.ndarray = array("float32", "T", quantity=RANK)
    top_ids: np.ndarray = array("int32", "T", "K")
    top_logprobs: np.ndarray = array("float32", "T", "K", infinite=True)
    vocabulary: dict[str, str]
    source_offsets: np.ndarray = array("int32", SOURCE, 2)
    cross: np.ndarray = array("float32", "L", "H", "T", SOURCE, quantity=CROSS)
    cross_entropy: np.ndarray = array("float32", "L", "H", "T", quantity=CROSS_ENTROPY)
    encoder_entropy: np.ndarray = array("float32", ENCODER, "H", SOURCE, quantity=ENCODER_ENTROPY)

    @property
    def source_tokens(self) -> list[str]:
        """Display text of the source's tokens; its end is empty."""
        return [self.request.source[start:end] for start, end in self.source_offsets.tolist()]

    def check(self) -> None:
        super().check()
        start, end = self.source_offsets.T
        if len(start) and (start.min() < 0 or end.max() > len(self.request.source)):
            raise ValueError("source_offsets leave the source")
