"""Which model wrote it: texts of known and unknown origin, tested against two models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run, check_numbers
from .capacity import CapacityRequest
from .fields import asked
from .model import ModelFacts, ModelSpec, read_spec, short_name
from .token_numbers import ENTROPY, SURPRISAL, VARENTROPY

LONGEST, MOST_TOKENS = 200, 512
"""Tokens that are written at most, and that a text to test may have."""

SOURCE = "Radvand et al. 2025, arXiv 2501.02406."
ENDED = "the text has ended"
WRITERS = ("plain", "warm", "top", "greedy", "other", "given")
WARPS = ("plain", "warm", "top")
MODELS = ("this", "other")
HYPOTHESES = (*WARPS, *(f"other {each}" for each in WARPS))

OF_TOKEN = replace(
    SURPRISAL, missing=ENDED, pieces=None, plain="",
    help="How unexpected the token is, had this model written the text in this way.",
    formula=r"a_t=-\ln p(x_t\mid x_{<t})", source=SOURCE,
)  # fmt: skip
EXPECTED = replace(
    ENTROPY, missing=ENDED, pieces=None, plain="",
    help="What the surprisal of the token is on average, had this model written it in this way.",
    formula=r"h_t=-\sum_v p(v)\ln p(v)", source=SOURCE,
)  # fmt: skip
VARIANCE = replace(VARENTROPY, missing=ENDED, pieces=None, plain="")
EVIDENCE = Quantity(
    "Evidence against", "ln E", low=-5, high=20, scale="diverging", missing=ENDED,
    help="Log of an e-value: if this model wrote the text in this way, it ever exceeds ln 20 in "
    "one text of 20 at most, however long one watches.",
    formula=r"\ln\frac1G\sum_s e^{s\sum_t(a_t-h_t)-\sum_t\psi_t(s)},\quad"
    r"\psi_t(s)=\ln\sum_v p(v)^{1-s}-s\,h_t",
    source="Ville 1939; ours, after " + SOURCE,
)  # fmt: skip
CROSS = replace(
    EXPECTED, name="Cross-entropy",
    help="What the surprisal of the token is on average, had the other model written the text.",
    formula=r"-\sum_v q(v)\ln p(v)",
)  # fmt: skip


def _writer(run: Any, i: int) -> str:
    return run.writers[i] if i < len(run.writers) else str(i + 1)


def _hypothesis(run: Any, i: int) -> str:
    names = run.hypotheses
    return names[i] if i < len(names) else str(i + 1)


TEXT = Axis("W", "text", None, _writer)
HYPOTHESIS = Axis("Q", "hypothesis", None, _hypothesis)
MODEL = Axis("C", "model", None, lambda run, i: run.model_names[i] if i < 2 else str(i))


@dataclass(frozen=True, kw_only=True)
class WhichModelWroteItRequest(Request):
    """Ask which of two models wrote a text, and in what way.

    Attributes:
        prompt: what all texts go on from; it is not tested.
        text: to test; without one, only what the models write.
        other: a line such as "owner/name@revision"; without it, the model itself, cut.
        cut: layers left out, from 0, such as "13-17" or "12 18".
        temperature: of the warm text, and of the hypothesis that knows of it.
        top_k: likeliest tokens of the text drawn from these alone.
        longest: tokens that are written.
        seed: of the luck that all written texts share.
    """

    kind: ClassVar[str] = "which_model_wrote_it"
    prompt: str = asked(
        label="Beginning", help="What all texts go on from; it is not tested.", lines=2
    )
    text: str = asked(
        label="Text to test", lines=5,
        help="Goes on behind the beginning. Left empty, only what the models write is tested.",
    )  # fmt: skip
    other: str = asked(
        "", label="Other model",
        help="With the same tokenizer: owner/name@revision, or a folder. Left empty, it is this "
        "model without some of its layers.",
    )  # fmt: skip
    cut: str = asked(
        "13-17", label="Layers left out",
        help="Of this model, where no other one is named; such as 13-17 or 12 18.",
    )  # fmt: skip
    temperature: float = asked(
        0.7, label="Temperature", low=0.1, high=2.0, help="Of the text that is drawn with one."
    )
    top_k: int = asked(
        50, label="Top-k", low=1, high=1000, help="Likeliest tokens that a text is drawn from."
    )
    longest: int = asked(
        96, label="Tokens", low=8, high=LONGEST, help="Of every text that is written."
    )
    seed: int = asked(
        1, label="Seed", low=0, high=1_000_000, help="Of the luck that all written texts share."
    )

    @property
    def other_spec(self) -> ModelSpec | None:
        """The other model that is named; None for a cut.

        Raises:
            InputError: the line names no model.
        """
        return read_spec(self.other) if self.other.strip() else None

    def left_out(self, layers: int) -> list[int]:
        """Return the layers that the other model lacks.

        Raises:
            InputError: the cut is none.
        """
        return CapacityRequest(texts=(), cuts=(self.cut,)).left_out(layers)[0]


@RUN_KINDS.register("which_model_wrote_it")
@dataclass(frozen=True, kw_only=True, eq=False)
class WhichModelWroteItRun(Run):
    """W texts of up to N tokens against Q hypotheses; beyond the end of a text NaN, −1 in ids.

    A hypothesis is a model and a way of drawing: this model at temperature 1, at another, from the
    likeliest tokens, then the other model likewise.

    Attributes:
        prompt_text: what was read first.
        token_ids: int32 [W, N].
        surprisal: float32 [W, Q, N], nats; ∞ for a token that could not come.
        entropy, varentropy: float32 [W, Q, N], nats and nats².
        log_e: float32 [W, Q, N], log of the e-value after every token, nats.
        cross: float32 [W, C, N], nats; of each model, had the other one of the two written.
        models: what a named other model turned out to be, by its name; empty for a cut.
        vocabulary: display text of every id, by id as a string.
        parts: what a token shows that is a part of a character, by "text.step".
    """

    kind: ClassVar[str] = "which_model_wrote_it"
    request: WhichModelWroteItRequest
    prompt_text: str
    token_ids: np.ndarray = array("int32", TEXT, "N")
    surprisal: np.ndarray = array(
        "float32", TEXT, HYPOTHESIS, "N", nan="anywhere", infinite=True, quantity=OF_TOKEN
    )
    entropy: np.ndarray = array("float32", TEXT, HYPOTHESIS, "N", nan="anywhere", quantity=EXPECTED)
    varentropy: np.ndarray = array(
        "float32", TEXT, HYPOTHESIS, "N", nan="anywhere", quantity=VARIANCE
    )
    log_e: np.ndarray = array(
        "float32", TEXT, HYPOTHESIS, "N", nan="anywhere", infinite=True, quantity=EVIDENCE
    )
    cross: np.ndarray = array("float32", TEXT, MODEL, "N", nan="anywhere", quantity=CROSS)
    models: dict[str, ModelFacts]
    vocabulary: dict[str, str]
    parts: dict[str, str]

    @property
    def model_names(self) -> list[str]:
        """What the two models are called."""
        spec = self.request.other_spec
        cut = f"without layers {self.request.cut}"
        return ["this model", short_name(spec) if spec is not None else cut]

    @property
    def ways(self) -> list[str]:
        """What the ways of drawing are called."""
        return ["T = 1", f"T = {self.request.temperature:g}", f"top-{self.request.top_k}"]

    @property
    def writers(self) -> list[str]:
        """What the texts are called."""
        return [*self.ways, "greedy", f"{self.model_names[1]}, T = 1", "text to test"]

    @property
    def hypotheses(self) -> list[str]:
        """What the hypotheses are called."""
        return [f"{model}, {way}" for model in self.model_names for way in self.ways]

    def token(self, text: int, step: int) -> str:
        """Return what a token shows."""
        own = self.vocabulary.get(str(int(self.token_ids[text, step])), "")
        return self.parts.get(f"{text}.{step}", own)

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
        for each in self.models.values():
            each.check()
