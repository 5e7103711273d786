"""Groups of answers that mean the same, and what is unsure about them; no model is needed.

Sources: semantic entropy Kuhn et al. 2023 (arXiv 2302.09664) and Farquhar et al. 2024 (Nature 630),
the forms of LM-Polygraph and of the authors' code told apart; Miller 1955; Good 1953. Nats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_ARTICLES = {"a", "an", "the"}
_SIGNS = re.compile(r"[^\w\s]|_")


def normalised(text: str) -> str:
    """Return a text in lower case, without signs and articles, words parted by one blank."""
    words = _SIGNS.sub(" ", text.lower()).split()
    return " ".join(each for each in words if each not in _ARTICLES)


def by_name(names: Sequence[str]) -> list[int]:
    """Return groups of equal names, numbered as they come, one a name."""
    known: dict[str, int] = {}
    return [known.setdefault(each, len(known)) for each in names]


def by_leader(alike: np.ndarray, *, last: bool = False) -> list[int]:
    """Return groups by comparing every answer with the first member of each group.

    Args:
        alike: bool [N, N].
        last: take the last group that matches (the code of Farquhar et al.), not the first
            (LM-Polygraph). They differ where likeness is not transitive.
    """
    leaders: list[int] = []
    if last:
        # There every leader takes all answers that match, also those that a leader had before.
        found = [-1] * len(alike)
        for i in range(len(alike)):
            if found[i] < 0:
                for j in range(i, len(alike)):
                    if j == i or alike[i, j]:
                        found[j] = len(leaders)
                leaders.append(i)
        return by_name([str(each) for each in found])
    found = []
    for i in range(len(alike)):
        group = next((g for g, leader in enumerate(leaders) if alike[leader, i]), len(leaders))
        if group == len(leaders):
            leaders.append(i)
        found.append(group)
    return found


def by_single_link(alike: np.ndarray) -> list[int]:
    """Return groups in which a chain of likeness, bool [N, N], leads to every member."""
    root = list(range(len(alike)))
    for i, j in np.argwhere(np.triu(alike | alike.T, 1)).tolist():
        old, new = root[j], root[i]
        root = [new if each == old else each for each in root]
    return by_name([str(each) for each in root])


def shannon(shares: np.ndarray) -> float:
    """Return −Σ p ln p."""
    positive = shares[shares > 0]
    return float(abs(-(positive * np.log(positive)).sum()))


@dataclass(frozen=True, eq=False)
class Meanings:
    """N answers, their groups, and their measures.

    Attributes:
        groups: of each answer, numbers from 0, int [N].
        texts: of each; equal ones are one answer drawn again.
        logprobs: log p of each whole answer under the model itself, its end included, [N].
        tokens: how many tokens of each these are, [N].
    """

    groups: np.ndarray
    texts: Sequence[str]
    logprobs: np.ndarray
    tokens: np.ndarray

    @property
    def count(self) -> int:
        """N."""
        return len(self.groups)

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many answers each group has."""
        return np.bincount(self.groups)

    @cached_property
    def means(self) -> np.ndarray:
        """Mean log p a token of each answer."""
        return self.logprobs / self.tokens

    @property
    def shares(self) -> np.ndarray:
        """Share of the answers in each group."""
        return self.sizes / self.count

    @property
    def weights(self) -> np.ndarray:
        """Share of each group by the means of log p: P(c) of Farquhar et al."""
        weights = np.exp(self.means - self.means.max())
        return np.bincount(self.groups, weights) / weights.sum()

    @property
    def masses(self) -> np.ndarray:
        """Probability of the different texts of each group together."""
        return self._sums(unique=True)

    @property
    def discrete(self) -> float:
        """Entropy of the shares of groups."""
        return shannon(self.shares)

    @property
    def direct(self) -> float:
        """LM-Polygraph's "direct" over frequencies: every group counted once an answer."""
        return float(-(self.sizes * self.shares * np.log(self.shares)).sum())

    @property
    def between_texts(self) -> float:
        """Entropy of the shares of different texts; never less than that of groups of them."""
        return shannon(np.bincount(by_name(self.texts)) / self.count)

    @property
    def corrected(self) -> float:
        """The entropy of shares with the correction of Miller and Madow, (k − 1) / 2N more."""
        return self.discrete + (len(self.sizes) - 1) / (2 * self.count)

    @property
    def nature(self) -> float:
        """Semantic entropy by length-normalised probabilities."""
        return shannon(self.weights)

    @property
    def kuhn(self) -> float:
        """Semantic entropy by sums of probabilities, equal answers counted again and again.

        No probability and no entropy: it may fall below 0.
        """
        return float(-np.log(self._sums(unique=False))[self.groups].mean())

    @property
    def kuhn_unique(self) -> float:
        """The same with each different answer counted once."""
        return float(-np.log(self.masses)[self.groups].mean())

    @property
    def predictive(self) -> float:
        """Mean surprisal of an answer: an estimate of the entropy over all texts."""
        return float(-self.logprobs.mean())

    @property
    def length_normalised(self) -> float:
        """Mean surprisal a token."""
        return float(-self.means.mean())

    @property
    def outside_largest(self) -> float:
        """1 minus the share of the largest group."""
        return float(1 - self.shares.max())

    @property
    def seen(self) -> float:
        """Probability of all different answers together; exact where all of them have ended."""
        return float(np.exp(self.logprobs[self._first]).sum())

    @property
    def unseen(self) -> float:
        """Estimated probability of a new text: the share of texts that came once (Good, Turing)."""
        return float((np.bincount(by_name(self.texts)) == 1).sum() / self.count)

    @cached_property
    def _first(self) -> list[int]:
        """Return the answers whose text did not come before."""
        known: dict[str, int] = {}
        for i, text in enumerate(self.texts):
            known.setdefault(text, i)
        return list(known.values())

    def _sums(self, *, unique: bool) -> np.ndarray:
        used = self._first if unique else list(range(self.count))
        mass = np.exp(self.logprobs[used])
        return np.bincount(self.groups[used], mass, minlength=len(self.sizes))


def sweep(meanings: Meanings, sizes: Sequence[int], *, draws: int = 200) -> np.ndarray:
    """Return the entropy of shares of groups over subsets of the answers, float64 [sizes, draws].

    No new answers are needed: subsets are drawn without putting back, with a fixed seed.
    """
    generator = np.random.default_rng(0)
    orders = np.argsort(generator.random((draws, meanings.count)), axis=1)
    groups = meanings.groups[orders]
    found = np.empty((len(sizes), draws))
    for place, size in enumerate(sizes):
        counts = (groups[:, :size, None] == np.arange(len(meanings.sizes))).sum(1)
        shares = counts / size
        with np.errstate(divide="ignore", invalid="ignore"):
            found[place] = -np.where(counts > 0, shares * np.log(shares), 0).sum(1)
    return np.abs(found)
