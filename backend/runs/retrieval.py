"""Retrieval: a text read with a datastore of another one, and what is written with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked
from .token_numbers import ENTROPY, SURPRISAL

SOURCE = "Khandelwal et al. 2020, arXiv 1911.00172; Wang et al. 2023, arXiv 2305.14625."
SHOWN = 3
"""Neighbours of a token that a run keeps."""
LONGEST_SOURCE = 20_000
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.7, 0.9)
"""λ of the slider: exact at each of them, without another pass."""
START = SHARES.index(0.25)

RETRIEVED = Quantity(
    "Probability by retrieval", "p_r", "%", digits=2,
    help="What the neighbours give to the token that came: their weights summed.",
    formula=r"\sum_{j:\,v_j=x_i}w_j,\ w_j\propto e^{-\lVert q-k_j\rVert^2/T}", source=SOURCE,
)  # fmt: skip
RETRIEVAL_ENTROPY = replace(
    ENTROPY, name="Retrieval entropy", symbol="H_r", pieces=None, high=4.5,
    plain="how undecided the neighbours are",
    help="Of what the neighbours say comes next, over the vocabulary.",
    formula=r"-\sum_vp_r(v)\ln p_r(v)", source=SOURCE,
)  # fmt: skip
DISTANCE = Quantity(
    "Distance of the nearest", "d²", "", high=60, digits=1,
    help="Squared, from the state before the token to the nearest key of the datastore.",
    formula=r"\min_j\lVert q-k_j\rVert^2", source=SOURCE,
)  # fmt: skip
WEIGHT = Quantity(
    "Weight", "w", "%", digits=1, help="Of one neighbour among all of them.",
    formula=r"w_j\propto e^{-\lVert q-k_j\rVert^2/T}", source=SOURCE,
)  # fmt: skip
SHARE = Quantity(
    "Share of retrieval", "λ", "%", digits=0, help="What the neighbours have of the mixture.",
    formula=r"\lambda p_r+(1-\lambda)p", source=SOURCE,
)  # fmt: skip
WRITTEN = replace(
    ENTROPY, name="Entropy while writing", pieces=None,
    help="Before every token that is written, by the model alone.",
)  # fmt: skip

STREAM_ENTROPY = replace(WRITTEN, name="Model's entropy", help="Mean over a stream.")
STREAM_RETRIEVAL = replace(RETRIEVAL_ENTROPY, name="Of the neighbours", help="Mean over a stream.")
PLACES = Axis("W", "share of retrieval", None, lambda run, i: f"{run.shares[i]:.0%}")
NEIGHBOURS = Axis("K", "neighbour", None, lambda run, i: str(i + 1))
STREAMS = Axis("S", "stream", None, lambda run, i: str(i + 1))
STEPS = Axis("N", "token written", None, lambda run, i: str(i + 1))


@dataclass(frozen=True, kw_only=True)
class RetrievalRequest(Request):
    """Ask what neighbours from ``source`` add to the predictions of ``text``.

    Attributes:
        source: what the datastore is made of.
        text: read with it; its beginning is also written on from.
        layer: whose MLP input is the key, from 1; 0 for the last.
        neighbours: k.
        temperature: T of their weights.
        share: λ of what is written.
        beginning: tokens of ``text`` that the writing goes on from.
        steps: tokens written by every stream.
        streams: how many, with luck of their own.
        seed: of that luck.
    """

    kind: ClassVar[str] = "retrieval"
    source: str = asked(label="Source", lines=5, help="A datastore is made of this text.")
    text: str = asked(
        label="Text", lines=5, help="Read with the datastore; it must not stand in the source."
    )
    layer: int = asked(
        0, label="Layer of the keys", low=0, high=1000,
        help="Keys are what goes into its MLP; 0 is the last layer.",
    )  # fmt: skip
    neighbours: int = asked(64, label="Neighbours", low=1, high=1024, help="The nearest keys.")
    temperature: float = asked(
        10.0, label="Temperature of retrieval", low=0.01, high=10_000,
        help="Low: the nearest one decides. High: all neighbours count alike.",
    )  # fmt: skip
    share: float = asked(
        0.25, label="Share of retrieval", low=0.0, high=1.0,
        help="λ of what is written; of the text all shares are shown.",
    )  # fmt: skip
    beginning: int = asked(
        32, label="Beginning", low=1, high=512, help="Tokens of the text that are written on from."
    )
    steps: int = asked(64, label="Tokens to write", low=8, high=256, help="By every stream.")
    streams: int = asked(4, label="Streams", low=1, high=16, help="With luck of their own.")
    seed: int = asked(0, label="Seed", low=0, high=10_000, help="Of that luck.")

    def check(self) -> None:
        """Check what no model is needed for.

        Raises:
            InputError: a text is empty, the text stands in the source, or a number is off.
        """
        for name, text in (("source", self.source), ("text", self.text)):
            if not text.strip():
                raise InputError(f"The {name} is empty; give a few paragraphs.")
        if self.text.strip() in self.source:
            raise InputError(
                "The text stands in the source, so that every token would find itself: give "
                "another one."
            )
        if not (self.temperature > 0 and 0 <= self.share <= 1):
            raise InputError("The temperature is above 0, and the share of retrieval 0 to 1.")
        for name in ("neighbours", "beginning", "steps", "streams"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1; it is {getattr(self, name)}.")


@RUN_KINDS.register("retrieval")
@dataclass(frozen=True, kw_only=True, eq=False)
class RetrievalRun(TokenizedRun):
    """A text of T tokens beside a datastore; nothing is asked of token 0, which has no state.

    Attributes:
        source_tokens: of the source, one key each but the last.
        continuations: what every stream wrote.
        surprisal, entropy: float32 [T], nats, by the model alone.
        retrieved: float32 [T], p of what came by the neighbours.
        retrieval_entropy: float32 [T], nats, over the vocabulary.
        distance: float32 [T], squared, of the nearest key.
        neighbour_places: int32 [T, K], the token of the source that each neighbour says comes next;
            −1 for token 0.
        neighbour_weights: float32 [T, K].
        written_entropy, written_retrieval: float32 [S, N], nats, before every token written.
        written_ids: int32 [S, N], what was written.
        stream_entropy, stream_retrieval: float32 [S], nats, their means.
        shares: float32 [W], λ that can be chosen.
        store_seconds, text_seconds: what datastore and text took.
    """

    kind: ClassVar[str] = "retrieval"
    request: RetrievalRequest
    source_tokens: list[str]
    continuations: list[str]
    surprisal: np.ndarray = array("float32", "T", nan="first", infinite=True, quantity=SURPRISAL)
    entropy: np.ndarray = array("float32", "T", nan="first", quantity=ENTROPY)
    retrieved: np.ndarray = array("float32", "T", nan="first", quantity=RETRIEVED)
    retrieval_entropy: np.ndarray = array("float32", "T", nan="first", quantity=RETRIEVAL_ENTROPY)
    distance: np.ndarray = array("float32", "T", nan="first", quantity=DISTANCE)
    neighbour_places: np.ndarray = array("int32", "T", NEIGHBOURS)
    neighbour_weights: np.ndarray = array("float32", "T", NEIGHBOURS, nan="first", quantity=WEIGHT)
    written_ids: np.ndarray = array("int32", STREAMS, STEPS)
    written_entropy: np.ndarray = array("float32", STREAMS, STEPS, quantity=WRITTEN)
    written_retrieval: np.ndarray = array("float32", STREAMS, STEPS, quantity=RETRIEVAL_ENTROPY)
    stream_entropy: np.ndarray = array("float32", STREAMS, quantity=STREAM_ENTROPY)
    stream_retrieval: np.ndarray = array("float32", STREAMS, quantity=STREAM_RETRIEVAL)
    shares: np.ndarray = array("float32", PLACES, quantity=SHARE)
    store_seconds: float
    text_seconds: float

    def axes(self) -> dict[str, int]:
        sizes = {"S": self.request.streams, "N": self.request.steps, "W": len(SHARES)}
        return {**super().axes(), **sizes, "K": min(SHOWN, self.request.neighbours)}
