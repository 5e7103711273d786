"""Multiple choice by letter or by text: probabilities, the pull of letters, and rules for texts.

The softmax over the four letters is ArcMMLU's (arXiv 2311.18658, in its code); merging of forms,
the prior and the rules for texts are ours. Nats, float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.letters import LETTER, MASS, LettersRun
from .base import derived
from .orders import entropy, shares_among

SOURCE = LETTER.source
RAW = Quantity(
    "Raw", "p", "%", digits=1, help="Of a letter among the four, as the model gives it.",
    formula=r"p(\ell)/\sum_{\ell'}p(\ell')", source=SOURCE,
)  # fmt: skip
CALIBRATED = replace(
    RAW, name="Calibrated", missing="no letter has a share",
    help="The same over the letter's own pull in this language, renormalised.",
    formula=r"\propto p(\ell)/\bar p(\ell)",
)  # fmt: skip
SUM = replace(
    RAW, name="Text, sum", help="Of an option among the four by log p of all its tokens.",
    formula=r"\mathrm{softmax}_o\ln p(o\mid q)",
)  # fmt: skip
MEAN = replace(
    RAW, name="Text, mean", help="The same by log p a token, so that long options may win.",
    formula=r"\mathrm{softmax}_o\ln p(o\mid q)/|o|",
)  # fmt: skip
PMI = replace(
    RAW, name="Text, PMI", help="The same by what the question adds to log p.",
    formula=r"\mathrm{softmax}_o(\ln p(o\mid q)-\ln p(o))",
)  # fmt: skip
PRIOR = replace(
    RAW, name="Letter prior",
    help="Mean over questions in which every letter is right as often: the letter's own pull.",
    formula=r"\bar p(\ell)=\frac1V\sum_v p_v(\ell)",
)  # fmt: skip
UNSURE = Quantity(
    "Entropy over letters", "H", high=1.4, help="Of the four, raw; ln 4 is knowing nothing.",
    formula=r"H(p)", source=SOURCE,
)  # fmt: skip
MARGIN = replace(
    RAW, name="Margin", help="How far the first letter is before the second, raw.",
    formula=r"p_{(1)}-p_{(2)}",
)  # fmt: skip
RIGHT = replace(RAW, name="On the right letter", help="Raw.", formula=r"p(\ell^*)")
ACCURACY = replace(
    MASS, name="Right by letter", digits=0, missing="no question",
    help="Questions whose most probable letter is the right one; one in four by guessing.",
    formula=r"\#\{\hat\ell=\ell^*\}/V",
)  # fmt: skip


def merged(forms: Sequence[np.ndarray]) -> np.ndarray:
    """Return log p of letters [m] from those of their forms, [m] each."""
    return np.logaddexp.reduce(np.asarray(forms, np.float64), 0)


def margin(p: np.ndarray) -> np.ndarray:
    """Return how far the first choice is before the second, [...], of probabilities [..., m]."""
    best = np.sort(p, -1)
    return best[..., -1] - best[..., -2]


def letter_prior(p: np.ndarray) -> np.ndarray:
    """Return the mean over items [V, m]: the letters' own pull where each is right as often."""
    return p.mean(0)


def without_prior(p: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return probabilities [V, m] over the prior of their letters, renormalised."""
    with np.errstate(divide="ignore"):
        return shares_among(np.log(p) - np.log(prior))


def by_sum(total: np.ndarray) -> np.ndarray:
    """Return probabilities among texts by log p of all their tokens."""
    return shares_among(total)


def by_mean(total: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Return probabilities among texts by log p a token."""
    return shares_among(total / np.maximum(tokens, 1))


def by_gain(total: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Return probabilities among texts by what the question adds to log p (PMI)."""
    return shares_among(total - alone)


def mean_by(values: np.ndarray, groups: Sequence[str]) -> dict[str, float]:
    """Return the mean of values [V] in every group, in order of appearance."""
    of = np.asarray(groups)
    return {each: float(values[of == each].mean()) for each in dict.fromkeys(groups)}


def raw_shares(run: LettersRun) -> np.ndarray:
    """Return probabilities among the letters, float64 [V, J]."""
    return shares_among(run.letter_logprobs)


@derived("letters", "raw", "J", "V", quantity=RAW)
def raw(run: LettersRun) -> np.ndarray:
    """Return probabilities among the letters, float32 [J, V]."""
    return raw_shares(run).T.astype(np.float32)


@derived("letters", "calibrated", "J", "V", quantity=CALIBRATED)
def calibrated(run: LettersRun) -> np.ndarray:
    """Return the same without the prior of the item's language, float32 [J, V]."""
    p, found = raw_shares(run), np.full(run.letter_logprobs.shape, np.nan)
    for language in np.unique(run.language):
        of = run.language == language
        found[of] = without_prior(p[of], letter_prior(p[of]))
    return found.T.astype(np.float32)


@derived("letters", "text_sum", "J", "V", quantity=SUM)
def text_sum(run: LettersRun) -> np.ndarray:
    """Return probabilities among the texts by their sums, float32 [J, V]."""
    return by_sum(run.text_logprobs).T.astype(np.float32)


@derived("letters", "text_mean", "J", "V", quantity=MEAN)
def text_mean(run: LettersRun) -> np.ndarray:
    """Return probabilities among the texts by their means, float32 [J, V]."""
    return by_mean(run.text_logprobs, run.text_tokens).T.astype(np.float32)


@derived("letters", "text_pmi", "J", "V", quantity=PMI)
def text_pmi(run: LettersRun) -> np.ndarray:
    """Return probabilities among the texts by what the question adds, float32 [J, V]."""
    return by_gain(run.text_logprobs, run.alone).T.astype(np.float32)


@derived("letters", "prior", "J", quantity=PRIOR)
def prior(run: LettersRun) -> np.ndarray:
    """Return the prior of the letters over both languages, float32 [J]."""
    return letter_prior(raw_shares(run)).astype(np.float32)


@derived("letters", "unsure", "V", quantity=UNSURE)
def unsure(run: LettersRun) -> np.ndarray:
    """Return the entropy over the letters, nats, float32 [V]."""
    return entropy(raw_shares(run)).astype(np.float32)


@derived("letters", "ahead", "V", quantity=MARGIN)
def ahead(run: LettersRun) -> np.ndarray:
    """Return the margin of the first letter, float32 [V]."""
    return margin(raw_shares(run)).astype(np.float32)


@derived("letters", "on_right", "V", quantity=RIGHT)
def on_right(run: LettersRun) -> np.ndarray:
    """Return the probability of the right letter, float32 [V]."""
    return raw_shares(run)[np.arange(len(run.right)), run.right].astype(np.float32)


def accuracy(run: LettersRun, p: np.ndarray, language: int | None = None) -> float:
    """Return how often the first choice of ``p`` [J, V] is right; NaN without questions."""
    of = np.ones(len(run.right), bool) if language is None else run.language == language
    known = np.nan_to_num(p)[:, of]
    return float((known.argmax(0) == run.right[of]).mean()) if of.any() else math.nan


@derived("letters", "right_raw", quantity=ACCURACY)
def right_raw(run: LettersRun) -> float:
    """Return how often the raw letter is right."""
    return accuracy(run, raw(run))


@derived("letters", "right_calibrated", quantity=replace(ACCURACY, name="Right when calibrated"))
def right_calibrated(run: LettersRun) -> float:
    """Return how often the calibrated letter is right."""
    return accuracy(run, calibrated(run))


@derived("letters", "right_text", quantity=replace(ACCURACY, name="Right by text",
    help="Questions whose option with the largest log p a token is the right one."))  # fmt: skip
def right_text(run: LettersRun) -> float:
    """Return how often the text of the largest mean is right."""
    return accuracy(run, text_mean(run))


@derived("letters", "prior_entropy", quantity=replace(UNSURE, name="Entropy of the letter prior",
    help="ln 4 where no letter pulls.", formula=r"H(\bar p)"))  # fmt: skip
def prior_entropy(run: LettersRun) -> float:
    """Return the entropy of the prior, nats."""
    return float(entropy(letter_prior(raw_shares(run))))
