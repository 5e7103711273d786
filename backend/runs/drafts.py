"""One model's early exits draft tokens, which the whole model keeps or replaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run, check_numbers
from .fields import asked
from .token_numbers import ENTROPY

MOST_TEXTS, MOST_EXITS, LONGEST, SHOWN = 8, 5, 128, 5
"""Thresholds and exits of one run, tokens of a text, and tokens whose chances are kept."""

KEPT, REPLACED, EXTRA = 0, 1, 2
"""What became of a draft; an extra token needed none, for all drafts before it were kept."""

SOURCE = "Kavehzadeh et al. 2024, S2D, arXiv 2407.01955; Leviathan et al. 2023, arXiv 2211.17192."
_NOTHING = "the text has ended"

EXIT_ENTROPY = replace(
    ENTROPY, name="Entropy of the draft", plain="", symbol="H_q", missing=_NOTHING, pieces=None,
    help="How undecided an early exit is about this token, before any temperature.",
)  # fmt: skip
RAW_ENTROPY = replace(
    EXIT_ENTROPY, name="Entropy of the draft, state as it is",
    help="The same, the exit's state read by the logit lens.",
)  # fmt: skip
OVERLAP = Quantity(
    "Chance to be kept", "α", "%", digits=0, missing=_NOTHING,
    help="What the draft's distribution q and the whole model's p have in common; a draft from q "
    "is kept with this probability.",
    formula=r"\alpha=\sum_v\min(p_v,q_v)=1-\mathrm{TV}(p,q)", source=SOURCE,
)  # fmt: skip
RAW_OVERLAP = replace(
    OVERLAP, name="Chance to be kept, state as it is",
    help="The same for a draft whose exit is read by the logit lens.",
)  # fmt: skip
THRESHOLD = Quantity(
    "Threshold", "τ", "%", digits=0, formula=r"\max_v q_v>\tau", source=SOURCE,
    help="An exit drafts where the probability of its likeliest token is above this.",
)  # fmt: skip
SECONDS = Quantity(
    "Time to the exit", "t_e", "s", high=10, digits=3, formula=r"\min_i t_{e,i}", source="Ours.",
    help="Of the layers up to this exit for one token behind the prompt, the quickest of some "
    "passes; without its head.",
)  # fmt: skip
BIASED = Quantity(
    "Off by, tested wrongly", "", "%", digits=0, missing="nothing was drafted",
    help="How far the text's distribution would be from the whole model's, had the likeliest "
    "token been drafted and tested as if it had been drawn from q. The code of the paper's "
    "successor does so above temperature 0.",
    formula=r"\mathrm{TV}(p',p),\ x=\arg\max q,\ \mathrm{kept\ at}\ \min(1,p_x/q_x)",
    source="github.com/parsareal/SD2, decoding.py.",
)  # fmt: skip

TEXTS = Axis("Q", "threshold", None, lambda run, i: run.names[i])
EXITS = Axis("E", "exit", None, lambda run, i: f"layer {run.exits[i]}")
LENSES = ("linear map", "logit lens")


@dataclass(frozen=True, kw_only=True)
class DraftsRequest(Request):
    """Ask for one text by drafts of early exits, at several thresholds.

    Attributes:
        prompt: what the texts go on from.
        exits: layers after which a draft may be read, such as "10 20 27".
        thresholds: of an exit's largest probability, in percent, each a text.
        reader: how a state becomes a distribution: by a map fitted here, or as it is.
        drafted: tokens drafted before the whole model looks, γ.
        longest: tokens of a text.
        temperature: of drafts and whole model; 0 takes the likeliest token.
        seed: of the luck.
    """

    kind: ClassVar[str] = "drafts"
    prompt: str = asked(label="Prompt", help="What the model goes on from.", lines=4)
    exits: str = asked(
        "10 20 27", label="Exits", help="Layers after which a draft may be read, shallow first."
    )
    thresholds: tuple[str, ...] = asked(
        ("0", "30", "60", "100"),
        label="Thresholds",
        help="In percent, one a row, each a text. An exit drafts where its likeliest token has "
        "more; else the next does. 0 is always the first exit, 100 always the last.",
    )
    reader: Literal["linear map", "logit lens"] = asked(
        "linear map",
        label="Reader",
        help="Of an exit's state: mapped to the last one's as fitted here, or as it is.",
    )
    drafted: int = asked(
        4, label="Drafts", low=1, high=16, help="Tokens drafted before the whole model looks."
    )
    longest: int = asked(40, label="Tokens", low=1, high=LONGEST, help="Of every text.")
    temperature: float = asked(
        1.0, label="Temperature", low=0, high=2, help="0 takes the likeliest token."
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the luck.")

    def bounds(self) -> np.ndarray:
        """Return the thresholds as probabilities, ascending, float64 [Q].

        Raises:
            InputError: one is no percentage, stands there twice, or there are too many.
        """
        found = []
        for each in self.thresholds:
            try:
                percent = float(each)
            except ValueError:
                percent = -1.0
            if not 0 <= percent <= 100:
                raise InputError(f"{each!r} is no threshold: write a percentage such as 50.")
            found.append(percent / 100)
        if not 1 <= len(found) <= MOST_TEXTS or len(set(found)) < len(found):
            raise InputError(f"Give 1 to {MOST_TEXTS} thresholds, none twice.")
        return np.array(sorted(found))

    def depths(self, layers: int) -> list[int]:
        """Return the exits of a model of so many layers.

        Raises:
            InputError: they are no layers before its last one, in their order.
        """
        parts = self.exits.replace(",", " ").split()
        found = [int(each) for each in parts if each.isascii() and each.isdigit()]
        fits = len(found) == len(parts) and found == sorted(set(found))
        if not fits or not 1 <= len(found) <= MOST_EXITS or not 1 <= found[0] <= found[-1] < layers:
            raise InputError(
                f"{self.exits!r} are no exits of this model: write 1 to {MOST_EXITS} layers from "
                f"1 to {layers - 1}, shallow first, such as 10 20 27."
            )
        return found


@RUN_KINDS.register("drafts")
@dataclass(frozen=True, kw_only=True, eq=False)
class DraftsRun(Run):
    """Q texts of up to N tokens, E exits; beyond the end of a text NaN, −1 in ids.

    The whole model and all exits read every token, so that there are the numbers of all; nats.

    Attributes:
        prompt_text: what was read first.
        exits: int32 [E], their layers.
        bounds: float32 [Q], thresholds as probabilities.
        token_ids: int32 [Q, N].
        outcome: int32 [Q, N]: kept, replaced or extra.
        exit: int32 [Q, N], which exit drafted; −1 for an extra token.
        draft_ids: int32 [Q, N], what it drafted; −1 for an extra token.
        entropy, alpha: float32 [Q, E, N], of exits read by the linear map.
        raw_entropy, raw_alpha: float32 [Q, E, N], of exits read as they are.
        biased: float32 [Q, N].
        top_ids: int32 [Q, N, K], the likeliest tokens of p or q together; q of the exit that
            drafted, of the last one for an extra token.
        top_p, top_q, top_biased: float32 [Q, N, K], their probabilities, and those that a wrong
            test would give.
        exit_seconds: float32 [E].
        full_seconds, check_seconds: of the whole model for one token, and for all drafts of a pass
            and one more; the quickest of some passes, as all times here.
        head_seconds: of one distribution.
        lens: of the fitted map, for people.
        vocabulary: display text of every id, by id as a string.
        parts: what a token shows that is a part of a character, by "text.step".
        stopped: the reader stopped it.
    """

    kind: ClassVar[str] = "drafts"
    request: DraftsRequest
    prompt_text: str
    exits: np.ndarray = array("int32", EXITS)
    bounds: np.ndarray = array("float32", TEXTS, quantity=THRESHOLD)
    token_ids: np.ndarray = array("int32", TEXTS, "N")
    outcome: np.ndarray = array("int32", TEXTS, "N")
    exit: np.ndarray = array("int32", TEXTS, "N")
    draft_ids: np.ndarray = array("int32", TEXTS, "N")
    entropy: np.ndarray = array("float32", TEXTS, EXITS, "N", nan="anywhere", quantity=EXIT_ENTROPY)
    alpha: np.ndarray = array("float32", TEXTS, EXITS, "N", nan="anywhere", quantity=OVERLAP)
    raw_entropy: np.ndarray = array(
        "float32", TEXTS, EXITS, "N", nan="anywhere", quantity=RAW_ENTROPY
    )
    raw_alpha: np.ndarray = array(
        "float32", TEXTS, EXITS, "N", nan="anywhere", quantity=RAW_OVERLAP
    )
    biased: np.ndarray = array("float32", TEXTS, "N", nan="anywhere", quantity=BIASED)
    top_ids: np.ndarray = array("int32", TEXTS, "N", "K")
    top_p: np.ndarray = array("float32", TEXTS, "N", "K", nan="anywhere")
    top_q: np.ndarray = array("float32", TEXTS, "N", "K", nan="anywhere")
    top_biased: np.ndarray = array("float32", TEXTS, "N", "K", nan="anywhere")
    exit_seconds: np.ndarray = array("float32", EXITS, quantity=SECONDS)
    full_seconds: float
    check_seconds: float
    head_seconds: float
    lens: str
    vocabulary: dict[str, str]
    parts: dict[str, str]
    stopped: bool = False

    @property
    def names(self) -> list[str]:
        """What each text is called."""
        layers = self.exits.tolist() or [0]
        ends = {0.0: f"layer {layers[0]} drafts", 1.0: f"layer {layers[-1]} drafts"}
        shares = np.round(self.bounds, 6).tolist()
        return [ends.get(each, f"above {100 * each:.3g} %") for each in shares]

    def read_by(self, reader: str) -> tuple[np.ndarray, np.ndarray]:
        """Return entropy and alpha of one of ``LENSES``, float32 [Q, E, N]."""
        if reader == LENSES[0]:
            return self.entropy, self.alpha
        return self.raw_entropy, self.raw_alpha

    def shown(self, token_id: int) -> str:
        """Return what a token of the vocabulary shows."""
        return self.vocabulary.get(str(token_id), "")

    def token(self, text: int, step: int) -> str:
        """Return what a token shows."""
        return self.parts.get(f"{text}.{step}", self.shown(int(self.token_ids[text, step])))

    def check(self) -> None:
        super().check()
        check_numbers(self.vocabulary, "vocabulary")
        if self.exit.max(initial=-1) >= len(self.exits) or self.exit.min(initial=-1) < -1:
            raise ValueError("exit names an exit, or −1")
        if not np.isin(self.outcome, [-1, KEPT, REPLACED, EXTRA]).all():
            raise ValueError("outcome is kept, replaced, extra, or −1")
        if not min(self.full_seconds, self.check_seconds, self.head_seconds) >= 0:
            raise ValueError("seconds are not negative")
