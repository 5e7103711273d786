"""What a question in many orders says: by letter, by content, and what the order alone decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.options import SOURCE, OptionsRun
from . import orders
from .base import derived, once

BY_LETTER = Quantity(
    "Probability by letter", "p", "%", digits=1, missing="not asked",
    help="Of each letter among the letters, in one order of the options.",
    formula=r"p_k(\ell)/\sum_{\ell'}p_k(\ell')", source=SOURCE,
)  # fmt: skip
BY_CONTENT = replace(
    BY_LETTER, name="Probability by content",
    help="Of each option, whatever letter it stood behind in that order.",
    formula=r"C_{k,\pi_k(\ell)}=p_k(\ell)",
)  # fmt: skip
MEAN = replace(
    BY_CONTENT, name="Mean by content", help="Of an option, over all orders.",
    formula=r"\bar C_c=\frac1K\sum_k C_{k,c}",
)  # fmt: skip
LETTER_MEAN = replace(
    BY_LETTER, name="Mean by letter", help="Of a letter, over all orders: the letter's own pull.",
    formula=r"\bar p_\ell=\frac1K\sum_k p_k(\ell)",
)  # fmt: skip
FREE = replace(
    MEAN, name="Content without the letter",
    help="The mean of log-probabilities over all orders: what is left when the pull of letters is "
    "taken out.",
    formula=r"\mathrm{softmax}_c\,\frac1K\sum_k\ln C_{k,c}",
)  # fmt: skip
CHOICE_LETTER = Quantity(
    "Choice entropy by letter", "H", high=2.1,
    help="How evenly the chosen letters are spread: 0 where every order chooses the same letter.",
    formula=r"H(\#\{k:\hat\ell_k=\ell\}/K)", source=SOURCE,
)  # fmt: skip
CHOICE_CONTENT = replace(
    CHOICE_LETTER, name="Choice entropy by content",
    help="How evenly the chosen contents are spread: 0 where every order chooses the same one.",
    formula=r"H(\#\{k:\hat c_k=c\}/K)",
)  # fmt: skip
INFORMATION = Quantity(
    "Order information", "I", high=1.4,
    help="How much the order alone tells about the answer: what the mean over orders is more "
    "unsure of than each order.",
    formula=r"H(\bar C)-\frac1K\sum_k H(C_k)", source=SOURCE,
)  # fmt: skip
FLIPS = Quantity(
    "Flip rate", "", "%", digits=0, help="Orders that choose another content than most do.",
    formula=r"1-\max_c\#\{k:\hat c_k=c\}/K", source=SOURCE,
)  # fmt: skip


@once
def _letters(run: OptionsRun) -> np.ndarray:
    return orders.shares_among(run.letter_logprobs)


@once
def _contents(run: OptionsRun) -> np.ndarray:
    return np.take_along_axis(_letters(run), run.places.astype(np.int64), 1)


@derived("options", "by_letter", "J", "O", quantity=BY_LETTER)
def by_letter(run: OptionsRun) -> np.ndarray:
    """Return probabilities among the letters, float32 [J, O]."""
    return _letters(run).T.astype(np.float32)


@derived("options", "by_content", "C", "O", quantity=BY_CONTENT)
def by_content(run: OptionsRun) -> np.ndarray:
    """Return the same by option, float32 [C, O]."""
    return _contents(run).T.astype(np.float32)


@derived("options", "mean_by_content", "C", quantity=MEAN)
def mean_by_content(run: OptionsRun) -> np.ndarray:
    """Return the mean over orders by option, float32 [C]."""
    return _contents(run).mean(0).astype(np.float32)


@derived("options", "mean_by_letter", "J", quantity=LETTER_MEAN)
def mean_by_letter(run: OptionsRun) -> np.ndarray:
    """Return the mean over orders by letter, float32 [J]."""
    return _letters(run).mean(0).astype(np.float32)


@derived("options", "without_letter", "C", quantity=FREE)
def without_letter(run: OptionsRun) -> np.ndarray:
    """Return the geometric mean over orders by option, float32 [C]."""
    return orders.geometric_mean(_contents(run)).astype(np.float32)


def chosen(run: OptionsRun) -> tuple[np.ndarray, np.ndarray]:
    """Return the letter and the content that every order chooses, int64 [O] each."""
    letters = _letters(run).argmax(1)
    return letters, run.orders[np.arange(len(letters)), letters].astype(np.int64)


def _choices(run: OptionsRun) -> int:
    return len(run.request.options)


@derived("options", "choice_entropy_by_letter", quantity=CHOICE_LETTER)
def choice_entropy_by_letter(run: OptionsRun) -> float:
    """Return the entropy of chosen letters, nats."""
    return orders.choice_entropy(chosen(run)[0], _choices(run))


@derived("options", "choice_entropy_by_content", quantity=CHOICE_CONTENT)
def choice_entropy_by_content(run: OptionsRun) -> float:
    """Return the entropy of chosen contents, nats."""
    return orders.choice_entropy(chosen(run)[1], _choices(run))


@derived("options", "order_information", quantity=INFORMATION)
def order_information(run: OptionsRun) -> float:
    """Return what the order tells, nats."""
    return orders.order_information(_contents(run))


@derived("options", "flip_rate", quantity=FLIPS)
def flip_rate(run: OptionsRun) -> float:
    """Return the share of orders that choose something unusual."""
    return orders.flip_rate(chosen(run)[1], _choices(run))
