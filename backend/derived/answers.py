"""Numbers of answers runs: groups of one meaning by several rules, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from ..runs.answer_numbers import ANSWER_SURPRISAL, STEP_ENTROPY
from ..runs.answers import AnswersRun
from .base import derived
from .meanings import Meanings, by_leader, by_name, by_single_link, normalised

RULES: dict[str, str] = {
    "normalised": "same words",
    "exact": "same text",
    "cosine": "cosine",
    "cosine_asked": "cosine with question",
    "judged": "own judgement",
    "entails": "entailment",
}
"""The ladder of equivalence; what joins two answers, by the name in addresses."""

THRESHOLDS = {"cosine": 0.82, "cosine_asked": 0.94, "judged": 0.6, "entails": 0.5}
"""Where the rules with a threshold start; none is safe."""

_MISSING = {
    "cosine": "These answers were not embedded yet.",
    "cosine_asked": "These answers were not embedded yet.",
    "judged": "The model was not asked about its answers: switch that on under Options, and run.",
    "entails": "No model of entailment was named under Options.",
}
_WORDS_OF_A_SENTENCE = 5
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Grouping:
    """How answers are joined.

    Attributes:
        rule: of ``RULES``; empty for the one that suits the answers.
        threshold: of rules that have one; None for where it starts.
        chained: single link instead of a comparison with each group's first answer.
        given: groups by hand, one number an answer; they go before any rule.
    """

    rule: str = ""
    threshold: float | None = None
    chained: bool = False
    given: Sequence[int] | None = None


def suitable(texts: Sequence[str]) -> str:
    """Return the rule that suits answers: words of short ones, cosine of sentences."""
    longest = max((len(each.split()) for each in texts), default=0)
    return "normalised" if longest <= _WORDS_OF_A_SENTENCE else "cosine"


def rule_of(run: AnswersRun, place: int, grouping: Grouping) -> str:
    """Return the rule that applies to the answers at a temperature."""
    found = grouping.rule or suitable(run.texts[place])
    # What is being written has no embeddings yet.
    return "normalised" if not grouping.rule and getattr(run, found, 0) is None else found


def likeness(run: AnswersRun, place: int, rule: str) -> np.ndarray:
    """Return how alike the answers at a temperature are by a rule, float64 [Y, Y], not symmetric.

    Raises:
        InputError: the run has nothing of the kind, or there is no such rule.
    """
    texts = run.texts[place]
    if rule == "exact":
        return _equal(texts)
    if rule == "normalised":
        return _equal([normalised(each) or each for each in texts])
    if rule not in _MISSING:
        raise InputError(f"Answers are joined by {', '.join(RULES)}, not by {rule[:40]!r}.")
    found = getattr(run, rule)
    if found is None:
        raise InputError(_MISSING[rule])
    if rule.startswith("cosine"):
        # 33 and 37 are near each other by any cosine.
        numbers = [" ".join(_DIGITS.findall(each)) for each in texts]
        return np.where(_equal(numbers) > 0, found[place].astype(np.float64), 0.0)
    return found[place].astype(np.float64)


def groups_of(run: AnswersRun, place: int, grouping: Grouping = Grouping()) -> np.ndarray:
    """Return the group of each answer at a temperature, int [Y], numbered as they come.

    Equal texts are always one group.

    Raises:
        InputError: as ``likeness``; or groups by hand part equal texts, or are not one an answer.
    """
    texts = run.texts[place]
    if grouping.given is not None:
        names = [str(each) for each in grouping.given]
        if len(names) != len(texts):
            raise InputError(f"There are {len(texts)} answers; groups were given for {len(names)}.")
        if len(set(zip(names, texts, strict=True))) != len(set(texts)):
            raise InputError("Equal answers are in one group.")
        return np.array(by_name(names))
    rule = rule_of(run, place, grouping)
    alike = likeness(run, place, rule) >= threshold_of(rule, grouping)
    alike = (alike & alike.T) | (_equal(texts) > 0)
    found = by_single_link(alike) if grouping.chained else by_leader(alike)
    # The first answer of a text stands for it: rounding could part equal ones at a threshold.
    first = {text: found[i] for i, text in reversed(list(enumerate(texts)))}
    return np.array(by_name([str(first[text]) for text in texts]))


def threshold_of(rule: str, grouping: Grouping) -> float:
    """Return the least likeness that joins two answers."""
    if rule not in THRESHOLDS:
        return 0.5
    return THRESHOLDS[rule] if grouping.threshold is None else grouping.threshold


def meanings_of(run: AnswersRun, place: int = 0, grouping: Grouping = Grouping()) -> Meanings:
    """Return the answers at a temperature with their groups.

    Answers without a token, which only an unfinished run has, count as one of no surprise.
    """
    return Meanings(
        groups_of(run, place, grouping),
        run.texts[place],
        -run.answer_surprisal[place].astype(np.float64),
        np.maximum(run.lengths[place], 1),
    )


def _equal(names: Sequence[str]) -> np.ndarray:
    kinds = np.array(by_name(names))
    return (kinds[:, None] == kinds).astype(np.float64)


_KUHN = "Kuhn et al. 2023, Semantic Uncertainty, arXiv 2302.09664; as LM-Polygraph computes it."
_NATURE = "Farquhar et al. 2024, Nature 630; as the authors' code computes it."
SEMANTIC = Quantity(
    "Semantic entropy", "SE", high=3.5, missing="no answer", plain="how unsure of the answer",
    help="Entropy of how often each meaning came. At most ln N: with few answers it is too low.",
    formula=r"-\sum_c\frac{n_c}N\ln\frac{n_c}N", source=_NATURE,
)  # fmt: skip

OF_GROUPS: dict[str, tuple[Quantity, Callable[[Meanings], float]]] = {
    "semantic_entropy": (SEMANTIC, lambda own: own.discrete),
    "text_entropy": (
        replace(
            SEMANTIC, name="Entropy between texts", symbol="H_x", plain="how unsure of the words",
            help="The same with every different text a meaning of its own.",
            formula=r"-\sum_x\frac{n_x}N\ln\frac{n_x}N", source="Shannon 1948.",
        ),
        lambda own: own.between_texts,
    ),
    "corrected": (
        replace(
            SEMANTIC, name="Semantic entropy, corrected", symbol="SE_{MM}", plain="",
            help="With the correction of Miller and Madow for few answers.",
            formula=r"SE+\frac{k-1}{2N}", source="Miller 1955.",
        ),
        lambda own: own.corrected,
    ),
    "nature": (
        replace(
            SEMANTIC, name="Semantic entropy, by log p", symbol="SE_P", plain="",
            help="Every answer weighs as its probability a token; those of a meaning are added.",
            formula=r"-\sum_cP(c)\ln P(c),\ P(c)\propto\sum_{i\in c}e^{L_i/T_i}",
        ),
        lambda own: own.nature,
    ),
    "kuhn": (
        replace(
            SEMANTIC, name="Kuhn's, duplicates counted", symbol="SE_K", low=-3, high=12, plain="",
            help="Sums probabilities of answers drawn again and again: below 0 it is no entropy.",
            formula=r"-\frac1N\sum_i\ln\sum_{j\in c(i)}e^{L_j}", source=_KUHN,
        ),
        lambda own: own.kuhn,
    ),
    "kuhn_unique": (
        replace(
            SEMANTIC, name="Kuhn's, each text once", symbol="SE_U", high=12, plain="",
            help="Mean surprisal of an answer's meaning, from the texts that were seen.",
            formula=r"-\frac1N\sum_i\ln\sum_{x\in c(i)}e^{L_x}", source=_KUHN,
        ),
        lambda own: own.kuhn_unique,
    ),
    "predictive": (
        replace(
            ANSWER_SURPRISAL, name="Predictive entropy", symbol="PE",
            help="Mean surprisal of an answer: unsure of words and meaning together.",
            formula=r"-\frac1N\sum_iL_i", source="Malinin and Gales 2021, arXiv 2002.07650.",
        ),
        lambda own: own.predictive,
    ),
    "length_normalised": (
        replace(
            ANSWER_SURPRISAL, name="Length-normalised", symbol="LN", high=6,
            help="The same a token, the one that ends the answer counted.",
            formula=r"-\frac1N\sum_i\frac{L_i}{T_i}",
            source="Malinin and Gales 2021, arXiv 2002.07650.",
        ),
        lambda own: own.length_normalised,
    ),
    "outside_largest": (
        Quantity(
            "Outside the largest group", "", "%", digits=0, missing="no answer",
            help="Share of the answers that do not say what most say.",
            formula=r"1-\max_cn_c/N", source="Lin et al. 2023, arXiv 2305.19187.",
        ),
        lambda own: own.outside_largest,
    ),
    "meanings": (
        Quantity(
            "Meanings", "k", "", low=1, high=32, digits=0, missing="no answer",
            help="Groups of answers that say the same.", formula="k", source="A count.",
        ),
        lambda own: float(len(own.sizes)),
    ),
    "seen": (
        Quantity(
            "Probability seen", "", "%", digits=1, missing="no answer",
            help="Of all different answers together; what is left went to texts not drawn.",
            formula=r"\sum_xp(x)", source="Each ended answer excludes the others.",
        ),
        lambda own: min(1.0, own.seen),
    ),
    "unseen": (
        Quantity(
            "Unseen, by Good and Turing", "", "%", digits=0, missing="no answer",
            help="Estimated probability that the next text is new: the share that came once.",
            formula=r"n_1/N", source="Good 1953.",
        ),
        lambda own: own.unseen,
    ),
}  # fmt: skip
"""Of the answers at one temperature, from their groups."""

MEAN_ENTROPY = replace(
    STEP_ENTROPY, name="Token entropy", symbol="\\overline{H}", missing="no answer",
    help="How undecided the model was at a token, on average over the answer.",
    formula=r"\frac1T\sum_tH_t", plain="how unsure of the next token",
)  # fmt: skip
GROUP = Quantity(
    "Group", "", "", low=1, high=32, digits=0, missing="no answer",
    help="Of answers that say the same, numbered as they come.", formula="c(i)", source="A number.",
)  # fmt: skip


def _declare(name: str, quantity: Quantity, of: Callable[[Meanings], float]) -> None:
    @derived("answers", name, "V", quantity=quantity)
    def at_each(run: AnswersRun) -> np.ndarray:
        places = range(len(run.texts))
        return np.array([of(meanings_of(run, each)) for each in places], np.float32)

    @derived("answers", f"{name}_first", quantity=quantity)
    def at_first(run: AnswersRun) -> float:
        return of(meanings_of(run))


for _name, (_quantity, _of) in OF_GROUPS.items():
    _declare(_name, _quantity, _of)


@derived("answers", "mean_entropy", "V", "Y", quantity=MEAN_ENTROPY)
def mean_entropy(run: AnswersRun) -> np.ndarray:
    """Return the mean entropy of the tokens of each answer; NaN without any."""
    known = np.isfinite(run.entropy)
    total = np.where(known, run.entropy, 0).sum(-1, dtype=np.float64)
    count = known.sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@derived("answers", "token_entropy", "V", quantity=MEAN_ENTROPY)
def token_entropy(run: AnswersRun) -> np.ndarray:
    """Return the mean over all tokens of all answers at each temperature."""
    known = np.isfinite(run.entropy)
    total = np.where(known, run.entropy, 0).sum((1, 2), dtype=np.float64)
    count = known.sum((1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@derived("answers", "token_entropy_first", quantity=MEAN_ENTROPY)
def token_entropy_first(run: AnswersRun) -> float:
    """Return the same at the main temperature."""
    return float(token_entropy(run)[0])


@derived("answers", "group", "V", "Y", quantity=GROUP)
def group(run: AnswersRun) -> np.ndarray:
    """Return the group of each answer, from 1."""
    return np.array([groups_of(run, each) + 1 for each in range(len(run.texts))], np.float32)
