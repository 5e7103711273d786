"""Answers: one question, asked many times at one or more temperatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import ge
from typing import ClassVar, Literal, TypeVar

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run, check_numbers
from .fields import asked
from .token_numbers import ENTROPY, SURPRISAL

Cell = TypeVar("Cell")

MOST_ANSWERS, MOST_TEMPERATURES, LONGEST = 32, 4, 64

_GRAPH = "Lin et al. 2023, Generating with Confidence, arXiv 2305.19187."
_ENDED = "the answer had ended"

STEP_ENTROPY = replace(
    ENTROPY, missing=_ENDED, pieces=None,
    help="How undecided the model was before this token, over the whole vocabulary; at "
    "temperature 1, whatever the answer was drawn at.",
)  # fmt: skip
STEP_SURPRISAL = replace(
    SURPRISAL,
    missing=_ENDED,
    pieces=None,
    help="−ln p of the drawn token under the model itself, at temperature 1.",
)
ANSWER_SURPRISAL = replace(
    STEP_SURPRISAL, name="Surprisal of the answer", symbol="−L", high=12, missing="no answer",
    help="−ln p of the whole answer with its end, under the model itself.",
    formula=r"-L=-\sum_t\ln p(x_t\mid x_{<t})", plain="",
)  # fmt: skip
EIGV = Quantity(
    "EigV", "U_{EigV}", "", low=1, high=10, missing="too few answers",
    help="A number of meanings that need not be whole, from the words answers share.",
    formula=r"\sum_k\max(0,1-\lambda_k)", source=_GRAPH,
)  # fmt: skip
DEG = replace(
    EIGV, name="Deg", symbol="U_{Deg}", low=0, high=1,
    help="1 minus the mean share of words that two answers have in common.",
    formula=r"1-\frac1{N^2}\sum_{ij}W_{ij}",
)  # fmt: skip
ECC = replace(
    EIGV, name="Ecc", symbol="U_{Ecc}", low=0, high=3,
    help="How far answers lie from their middle, in the eigenvectors below the cut of .9.",
    formula=r"\lVert V-\overline{V}\rVert_F",
)  # fmt: skip
ECC_EACH = replace(
    ECC, name="Eccentricity of an answer", high=1,
    help="How far this answer lies from the middle of all: the norm of its row, which no other "
    "basis changes.",
    formula=r"\lVert v_i-\overline{v}\rVert",
)  # fmt: skip
TO_CUT = replace(
    ECC, name="Distance to the cut", symbol="", high=1, digits=3,
    help="Of the eigenvalue nearest to .9: where it is small, Ecc may jump.",
    formula=r"\min_k|\lambda_k-.9|",
)  # fmt: skip
LEXICAL = Quantity(
    "Lexical similarity", "", "", low=-1, high=0, missing="too few answers",
    help="Minus the mean share of common words of two answers; nearer 0 is less alike.",
    formula=r"-\frac{2}{N(N-1)}\sum_{i<j}J_{ij}",
    source="Fomicheva et al. 2020, arXiv 2005.10608; there with ROUGE-L, here with Jaccard.",
)  # fmt: skip
EIGENSCORE = Quantity(
    "EigenScore", "", "", low=-7, high=7, scale="diverging", missing="too few answers",
    help="Mean logarithm of the eigenvalues that states of the answers have, α = .001 added.",
    formula=r"\frac1N\ln\det(ZJZ^\top+\alpha I)",
    source="Chen et al. 2024, INSIDE, arXiv 2402.03744.",
)  # fmt: skip
VENDI = Quantity(
    "Vendi score", "VS", "", low=1, high=10, missing="the answers were not embedded",
    help="How many answers at right angles would be as diverse, by embeddings.",
    formula=r"\exp H(\lambda(G/N))", source="Friedman and Dieng 2023, arXiv 2210.02410.",
)  # fmt: skip
VOLUME = Quantity(
    "Semantic volume", "", "", low=-150, high=0, missing="the answers were not embedded",
    help="log det of the inner products of embeddings, ε = .001 added; it depends on N and ε.",
    formula=r"\ln\det(G+\varepsilon I)",
    source="Li et al. 2025, Semantic Volume, arXiv 2502.21239.",
)  # fmt: skip
KLE = Quantity(
    "Kernel language entropy", "KLE", "", missing="no judge of meaning was asked",
    help="Von Neumann entropy of a heat kernel over who entails whom, as a share of ln N; its "
    "least value is not 0.",
    formula=r"-\mathrm{tr}(\rho\ln\rho)/\ln N,\ \rho=K/N,\ K\propto e^{-tL}",
    source="Nikitin et al. 2024, arXiv 2405.20003.",
)  # fmt: skip
P_TRUE = Quantity(
    "p(True)", "", "%", digits=0, missing="the model was not asked",
    help="What the model itself gives to “true”, of “true” and “false” together.",
    formula=r"\frac{P(\mathrm{True})}{P(\mathrm{True})+P(\mathrm{False})}",
    source="Kadavath et al. 2022, arXiv 2207.05221.",
)  # fmt: skip
P_TRUE_MASS = replace(
    P_TRUE, name="Mass of True and False",
    help="Where it is small, the model meant to say something else.",
    formula=r"P(\mathrm{True})+P(\mathrm{False})",
)  # fmt: skip
ALIKE = Quantity(
    "Words in common", "J", "%", digits=0, missing="no answer",
    help="Share of the different words of both that both have.",
    formula=r"\frac{|A\cap B|}{|A\cup B|}", source="Jaccard 1901.",
)  # fmt: skip
COSINE = Quantity(
    "Cosine", "\\cos", "", low=0, high=1, missing="the answers were not embedded",
    help="Of the embeddings of two answers by MiniLM: what they share in topic, not in truth.",
    formula=r"e_i\cdot e_j", source="Reimers and Gurevych 2019, arXiv 1908.10084.",
)  # fmt: skip
COSINE_ASKED = replace(
    COSINE,
    name="Cosine with the question",
    help="The same with the question before each answer.",
)
JUDGED = Quantity(
    "Says the same", "", "%", digits=0, missing="no judge of meaning was asked",
    help="How likely one answer says what another does, by the model's own judgement; both ways.",
    formula=r"\frac{P(\mathrm{yes})}{P(\mathrm{yes})+P(\mathrm{no})}",
    source="Kuhn et al. 2023, arXiv 2302.09664; there a model of entailment.",
)  # fmt: skip
ENTAILS = replace(
    JUDGED, name="Entails",
    help="How likely one answer entails another, by the model of entailment that was named.",
    formula=r"P(\mathrm{entailment})",
)  # fmt: skip
CONTRADICTS = replace(
    ENTAILS, name="Contradicts", help="How likely one answer contradicts another, by that model.",
    formula=r"P(\mathrm{contradiction})",
)  # fmt: skip

TEMPERATURE = Axis("V", "temperature", None, lambda run, i: f"T = {run.request.temperatures[i]:g}")
ANSWER = Axis("Y", "answer", None, lambda run, i: str(i + 1))
OTHER = Axis("O", "other answer", None, lambda run, i: str(i + 1))
FEATURE = Axis("W", "feature")

Ending = Literal["end", "line", "length", "stopped"]
"""Why an answer ended: end-of-sequence token, line break, all tokens written, study stopped."""


@dataclass(frozen=True, kw_only=True)
class AnswersRequest(Request):
    """Ask one question many times.

    Attributes:
        question: as typed.
        form: what stands around it.
        answers: how many at each temperature; every one has a seed of its own.
        temperature: at which they are drawn.
        others: further temperatures to compare with, one a row.
        longest: the most tokens of an answer.
        one_line: whether a line break ends an answer.
        judge: let the model itself say which answers are true, and which say the same.
        nli: folder or hub id of a model of entailment; none where empty.
        seed: of the first answer; the next have the next ones.
        top_n: how many of the most likely tokens to keep of every step.
    """

    kind: ClassVar[str] = "answers"
    question: str = asked(label="Question", help="It is asked many times over.", lines=2)
    form: Literal["after four examples", "as a chat message", "as it stands"] = asked(
        "after four examples",
        label="Asked",
        help="After four solved examples even a small model gives short answers.",
    )
    answers: int = asked(
        10, label="Answers", low=2, high=MOST_ANSWERS, help="How many, each with its own seed."
    )
    temperature: float = asked(
        1.0, label="Temperature", low=0.1, high=2, help="Of the draw; log p is always the model's."
    )
    others: tuple[str, ...] = asked(
        (), label="Other temperatures", help="One a row, up to three, to compare with."
    )
    longest: int = asked(
        24, label="Tokens of an answer", low=1, high=LONGEST, help="An answer is cut after so many."
    )
    one_line: bool = asked(True, label="One line", help="A line break ends an answer.")
    judge: bool = asked(
        False,
        label="Ask the model about its answers",
        help="Which are true, and which say the same: a short pass for every pair.",
    )
    nli: str = asked(
        "",
        label="Model of entailment",
        help="Folder or hub id of one for sentence pairs, to judge which answers say the same.",
    )
    seed: int = asked(1, label="Seed", low=0, high=1_000_000, help="Of the first answer.")
    top_n: int = asked(
        10, label="Tokens kept", low=1, high=100, help="The most likely ones at every step."
    )

    @property
    def temperatures(self) -> tuple[float, ...]:
        """All temperatures, the main one first.

        Raises:
            InputError: one of the others is no number from 0.1 to 2, or they are too many.
        """
        return (self.temperature, *map(_temperature, self.others))


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0.1 <= value <= 2:
        raise InputError(f"{text[:20]!r} is no temperature: write a number from 0.1 to 2.")
    return value


@RUN_KINDS.register("answers")
@dataclass(frozen=True, kw_only=True, eq=False)
class AnswersRun(Run):
    """V temperatures × Y answers × N tokens; nats. Cells after an answer's end are empty.

    Empty is NaN in float arrays and −1 in ids. Numbers are the model's own at temperature 1,
    over the whole vocabulary, whatever the answers were drawn at.

    Attributes:
        prompt_text: what the model read, examples and template included.
        written: the answers, without end and white space around them, by "temperature.answer".
        ended: why each ended, likewise; one that is not there was stopped.
        parts: display text of tokens that are parts of a character, by "temperature.answer.step".
        token_ids: int32 [V, Y, N].
        entropy, surprisal: float32 [V, Y, N].
        top_ids, top_logprobs: [V, Y, N, K]; most likely first.
        answer_surprisal: float32 [V, Y], −ln p of the whole answer with its end.
        states: float32 [V, Y, W], after half of the layers, at the last token of an answer's
            words, or of the prompt for an empty one.
        words: float32 [V, Y, O], Jaccard; ``cosine``, ``cosine_asked`` of embeddings.
        judged: float32 [V, Y, O], row says what column does; ``entails``, ``contradicts`` of a
            model of entailment.
        p_true, p_true_mass: float32 [V, Y].
        eigv, deg, ecc, to_cut, lexical, eigenscore, vendi, volume, kle: float32 [V].
        ecc_each: float32 [V, Y].
        vocabulary: display text of every id above, by id as a string.
        stopped: whether the reader stopped the study before its end.
    """

    kind: ClassVar[str] = "answers"
    request: AnswersRequest
    prompt_text: str
    token_ids: np.ndarray = array("int32", TEMPERATURE, ANSWER, "N")
    entropy: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, "N", nan="anywhere", quantity=STEP_ENTROPY
    )
    surprisal: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, "N", nan="anywhere", quantity=STEP_SURPRISAL
    )
    top_ids: np.ndarray = array("int32", TEMPERATURE, ANSWER, "N", "K")
    top_logprobs: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, "N", "K", nan="anywhere", infinite=True
    )
    answer_surprisal: np.ndarray = array("float32", TEMPERATURE, ANSWER, quantity=ANSWER_SURPRISAL)
    states: np.ndarray = array("float32", TEMPERATURE, ANSWER, FEATURE, nan="anywhere")
    words: np.ndarray = array("float32", TEMPERATURE, ANSWER, OTHER, quantity=ALIKE)
    cosine: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=COSINE
    )
    cosine_asked: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=COSINE_ASKED
    )
    judged: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=JUDGED
    )
    entails: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=ENTAILS
    )
    contradicts: np.ndarray | None = array(
        "float32", TEMPERATURE, ANSWER, OTHER, optional=True, quantity=CONTRADICTS
    )
    p_true: np.ndarray = array("float32", TEMPERATURE, ANSWER, nan="anywhere", quantity=P_TRUE)
    p_true_mass: np.ndarray = array(
        "float32", TEMPERATURE, ANSWER, nan="anywhere", quantity=P_TRUE_MASS
    )
    ecc_each: np.ndarray = array("float32", TEMPERATURE, ANSWER, nan="anywhere", quantity=ECC_EACH)
    eigv: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=EIGV)
    deg: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=DEG)
    ecc: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=ECC)
    to_cut: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=TO_CUT)
    lexical: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=LEXICAL)
    eigenscore: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=EIGENSCORE)
    vendi: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=VENDI)
    volume: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=VOLUME)
    kle: np.ndarray = array("float32", TEMPERATURE, nan="anywhere", quantity=KLE)
    vocabulary: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Ending] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    stopped: bool = False

    @property
    def texts(self) -> list[list[str]]:
        """The answers, [V][Y]."""
        return self._grid(lambda v, y: self.written.get(f"{v}.{y}", ""))

    @property
    def endings(self) -> list[list[Ending]]:
        """Why each ended, [V][Y]."""
        return self._grid(lambda v, y: self.ended.get(f"{v}.{y}", "stopped"))

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each answer with the one that ends it, int64 [V, Y]."""
        return (self.token_ids >= 0).sum(-1)

    def pieces(self, temperature: int, answer: int) -> list[str]:
        """Return the display texts of an answer's tokens, what ends it included."""
        own = self.token_ids[temperature, answer]
        return [
            self.parts.get(f"{temperature}.{answer}.{step}", self.vocabulary.get(str(each), ""))
            for step, each in enumerate(own[own >= 0].tolist())
        ]

    def _grid(self, of: Callable[[int, int], Cell]) -> list[list[Cell]]:
        temperatures, answers = self.answer_surprisal.shape
        return [[of(v, y) for y in range(answers)] for v in range(temperatures)]

    def axes(self) -> dict[str, int]:
        request = self.request
        own = {"V": len(request.temperatures), "Y": request.answers, "O": request.answers}
        return {**super().axes(), **own, "N": request.longest}

    def check(self) -> None:
        super().check()
        empty = self.token_ids < 0
        if (empty[..., :-1] & ~empty[..., 1:]).any():
            raise ValueError("token_ids go on after the end of an answer")
        for name, count in (("written", 2), ("ended", 2), ("parts", 3)):
            sizes = self.token_ids.shape[:count]
            for key in getattr(self, name):
                check_numbers(key.split("."), name)
                places = tuple(map(int, key.split(".")))
                if len(places) != count or any(map(ge, places, sizes)):
                    raise ValueError(f"{name} has {key!r}, which is no place of this run")
        check_numbers(self.vocabulary, "vocabulary")
