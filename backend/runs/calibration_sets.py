"""Calibration sets: which of a pool of candidates to tune a model on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis, nth_text
from .base import RUN_KINDS, Request, Run
from .fields import asked

STRATEGIES = (
    "best", "worst", "best and worst", "middle", "widest gaps", "smallest gaps", "most diverse",
    "least diverse", "likeliest", "unlikeliest", "longest", "shortest", "least surprise",
    "most surprise", "hard", "easy",
)  # fmt: skip
LEAST, MOST, MOST_SETS, LONGEST = 4, 16, 5_000, 20_000

ADAMS = "Adams et al. 2023, arXiv 2305.07615."
QUALITY = Quantity(
    "Quality", "q", "", high=0.6, digits=3,
    help="F1 of the different words of a candidate and of the reference.",
    formula=r"\frac{2|A\cap B|}{|A|+|B|}", source="Words of ROUGE-1 (Lin 2004), each once.",
)  # fmt: skip
LIKELIHOOD = Quantity(
    "Log-probability of a token", r"\bar\ell", "nats", low=-3, high=0, digits=3,
    help="Its mean over a candidate, the model's own at temperature 1.",
    formula=r"\frac1n\sum_i\ln p(x_i)", source=ADAMS,
)  # fmt: skip
LENGTH = Quantity(
    "Length", "n", "tokens", high=64, digits=0, help="Of a candidate.", formula="n", source=ADAMS
)
INFORMATION = Quantity(
    "Taken from the text", "", "nats", high=100, digits=1,
    help="By how much likelier a candidate is with the text before it than without.",
    formula=r"\ln p(x\mid\text{text})-\ln p(x)", source="Own; a metric without a reference.",
)  # fmt: skip
DENSITY = Quantity(
    "Fragment density", "", "words", high=10, digits=2,
    help="Mean length of the copied piece that a word belongs to.",
    formula=r"\sum_f|f|^2/|x|", source="Grusky et al. 2018.",
)  # fmt: skip
COVERAGE = replace(
    DENSITY, name="Coverage", unit="%", high=1, digits=0, help="Share of words that are copied.",
    formula=r"\sum_f|f|/|x|",
)  # fmt: skip
MEMBER = Quantity(
    "Chosen", "", "%", digits=0, help="100 % where a strategy chooses a candidate.",
    formula=r"[x\in S]", source=ADAMS,
)  # fmt: skip
PULL = Quantity(
    "Pull", "", "", low=-1, high=1, scale="diverging", digits=2,
    help="Where the loss of a set pulls a candidate's log-probability: orange up, purple down.",
    formula=r"-\partial\mathcal L/\partial s_i", source=ADAMS,
)  # fmt: skip
TERM = Quantity(
    "Hinge", "", "nats", high=1, digits=3,
    help="The mean of what pairs at a distance in rank lack of their margin.",
    formula=r"\overline{\max(0,s_{i+d}-s_i+m\,d)}", source="Liu et al. 2022 (BRIO); " + ADAMS,
)  # fmt: skip
LOSS = replace(
    TERM, name="Ranking loss", symbol=r"\mathcal L", high=2,
    help="Of a set, over all distances: what tuning on it would take off.",
    formula=r"\sum_{d=1}^{k-1}\overline{\max(0,s_{i+d}-s_i+m\,d)}",
)  # fmt: skip
GAP = replace(
    QUALITY, name="Margin", symbol="", high=0.1,
    help="The mean gap of quality between neighbours.", formula=r"(q_{\max}-q_{\min})/(k-1)",
    source=ADAMS,
)  # fmt: skip
AGREEMENT = Quantity(
    "Agreement", "ρ", "", low=-1, high=1, scale="diverging", digits=2, missing="all are alike",
    help="Rank correlation of quality and log-probability: 1 where both rank alike.",
    formula=r"\rho_S(q,\bar\ell)", source="Spearman 1904.",
)  # fmt: skip
SURPRISE = Quantity(
    "Surprise", "", "%", digits=0, missing="all are alike",
    help="0 where model and metric rank alike, 100 % where they rank opposite.",
    formula=r"(1-\rho)/2", source=ADAMS,
)  # fmt: skip
DIVERSITY = Quantity(
    "Diversity", "", "%", digits=0,
    help="How few words the candidates share, over all pairs.",
    formula=r"\overline{1-|A\cap B|/|A\cup B|}", source="Jaccard 1912; in place of self-BLEU.",
)  # fmt: skip
TOWARDS = Quantity(
    "Pull to quality", "", "", high=0.5, digits=3,
    help="The quality of what a set pulls up, less that of what it pulls down.",
    formula=r"-\sum_i q_i\,\partial\mathcal L/\partial s_i", source=ADAMS,
)  # fmt: skip


CANDIDATE = Axis("I", "candidate", None, nth_text)
STRATEGY = Axis("V", "strategy", None, lambda run, i: STRATEGIES[i])
DISTANCE = Axis("G", "distance", None, lambda run, i: str(i + 1))


@dataclass(frozen=True, kw_only=True)
class CalibrationSetsRequest(Request):
    """Ask which candidates of a pool each strategy chooses, and where they would pull the model.

    Attributes:
        document, reference: the text, and a good summary of it.
        candidates: of one's own; the model writes them where there are none.
        size: of a set, even.
        instruction: before the text.
        form: how the model is asked.
        count, temperature, longest, seed: of the candidates that it writes.
        margin: by which a candidate should lead the next one in rank, nats a token.
    """

    kind: ClassVar[str] = "calibration_sets"
    document: str = asked(label="Text", help="What is to be summarised.", lines=5)
    reference: str = asked(
        label="Reference", help="A good summary, which quality is measured by.", lines=3
    )
    candidates: tuple[str, ...] = asked(
        (), label="Candidates", lines=4,
        help=f"One a row, {LEAST} to {MOST}; left empty, the model writes them.",
    )  # fmt: skip
    size: int = asked(4, label="Size of a set", help="An even number.", low=2, high=8)
    instruction: str = asked(
        "Summarise this text in two sentences.", label="Instruction", help="Before the text."
    )
    form: Literal["as a chat message", "as plain text"] = asked(
        "as a chat message", label="Asked", help="In the model's chat template, or as it is."
    )
    count: int = asked(
        10, label="Candidates to write", help="How many there are to choose from.", low=LEAST,
        high=MOST,
    )  # fmt: skip
    temperature: float = asked(
        0.8, label="Temperature", help="They are drawn at.", low=0.1, high=2.0
    )
    longest: int = asked(48, label="Tokens", help="Of a candidate, at most.", low=4, high=200)
    seed: int = asked(1, label="Seed", help="Of the first candidate.", low=0, high=1_000_000)
    margin: float = asked(
        0.1, label="Margin", help="A candidate should lead the next by it, nats a token.", low=0.0,
        high=2,
    )  # fmt: skip

    def check(self) -> None:
        """Check what is asked for.

        Raises:
            InputError: a text is missing or too long, or a number is out of range.
        """
        texts = (self.document, self.reference, self.instruction, *self.candidates)
        if not self.document.strip() or not self.reference.strip():
            raise InputError("Give a text and a reference; one of them is empty.")
        if max(map(len, texts)) > LONGEST:
            raise InputError(f"A text has more than {LONGEST:,} characters.")
        if not all(each.strip() for each in self.candidates):
            raise InputError("A candidate is empty.")
        count = len(self.candidates) or self.count
        if not LEAST <= count <= MOST:
            raise InputError(f"There are {count} candidates; give {LEAST} to {MOST}, or none.")
        self.check_sets(count)

    def check_sets(self, count: int) -> None:
        """Check the size of sets of so many candidates.

        Raises:
            InputError: it is odd, too large, or there are too many sets.
        """
        if self.size % 2 or not 2 <= self.size < count:
            raise InputError(
                f"A set has an even number of candidates, 2 to {count - 1}; not {self.size}."
            )
        if math.comb(count, self.size) > MOST_SETS:
            raise InputError(
                f"{count} candidates have {math.comb(count, self.size):,} sets of {self.size}; "
                f"at most {MOST_SETS:,} are tried. Take fewer of them."
            )


@RUN_KINDS.register("calibration_sets")
@dataclass(frozen=True, kw_only=True, eq=False)
class CalibrationSetsRun(Run):
    """I candidates, and the sets of ``request.size`` that V strategies choose.

    Attributes:
        texts: of the candidates.
        quality, likelihood, length, information, density, coverage: float32 [I].
        member: float32 [V, I], 1 for what is chosen.
        pull: float32 [V, I], minus the gradient of a set's loss; 0 of others.
        terms: float32 [V, G], hinges by distance in rank; G = size − 1.
        gap, agreement, diversity: float32 [V]; agreement is NaN where all are alike.
        pool_agreement, pool_diversity: of all candidates.
    """

    kind: ClassVar[str] = "calibration_sets"
    request: CalibrationSetsRequest
    texts: list[str]
    quality: np.ndarray = array("float32", CANDIDATE, quantity=QUALITY)
    likelihood: np.ndarray = array("float32", CANDIDATE, quantity=LIKELIHOOD)
    length: np.ndarray = array("float32", CANDIDATE, quantity=LENGTH)
    information: np.ndarray = array("float32", CANDIDATE, quantity=INFORMATION)
    density: np.ndarray = array("float32", CANDIDATE, nan="anywhere", quantity=DENSITY)
    coverage: np.ndarray = array("float32", CANDIDATE, nan="anywhere", quantity=COVERAGE)
    member: np.ndarray = array("float32", STRATEGY, CANDIDATE, quantity=MEMBER)
    pull: np.ndarray = array("float32", STRATEGY, CANDIDATE, quantity=PULL)
    terms: np.ndarray = array("float32", STRATEGY, DISTANCE, quantity=TERM)
    gap: np.ndarray = array("float32", STRATEGY, quantity=GAP)
    agreement: np.ndarray = array("float32", STRATEGY, nan="anywhere", quantity=AGREEMENT)
    diversity: np.ndarray = array("float32", STRATEGY, quantity=DIVERSITY)
    pool_agreement: float
    pool_diversity: float

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "V": len(STRATEGIES), "G": max(1, self.request.size - 1)}
