"""Which of a pool of candidates to calibrate on: sets by quality, likelihood and diversity.

A set is a tuple of candidates, in the order they came in. Where sets are equal, the first one in
the order of quality counts. Source: Adams et al. 2023, arXiv 2305.07615, and their code; surprise
by likelihood in place of the order of beams, diversity by Jaccard in place of BLEU.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

MOST_SETS = 5_000
Set = tuple[int, ...]


@dataclass(frozen=True)
class Pool:
    """n candidates.

    Attributes:
        quality: float64 [n], by a metric; more is better.
        likelihood: float64 [n], the model's own mean log-probability of a token, nats.
        length: float64 [n], tokens.
        unlike: float64 [n, n], 1 − Jaccard of each pair.
    """

    quality: Tensor
    likelihood: Tensor
    length: Tensor
    unlike: Tensor

    def best_first(self) -> list[int]:
        """Return the candidates by quality, the best first; ties as they came."""
        return _down(self.quality)

    def sets(self, size: int) -> list[Set]:
        """Return all sets of ``size``.

        Raises:
            ValueError: there are more than ``MOST_SETS``.
        """
        if math.comb(len(self.quality), size) > MOST_SETS:
            raise ValueError(f"there are more than {MOST_SETS:,} sets")
        return list(combinations(self.best_first(), size))


def chosen(pool: Pool, size: int) -> dict[str, Set]:
    """Return the set that every strategy chooses, by its name.

    The two ends fix the mean gap between neighbours in quality, so that of sets with the widest
    one the inner members are free; here they are the best. An odd ``size`` leaves one out of
    "best and worst" and "middle".
    """
    order, half = pool.best_first(), size // 2
    middle = (len(order) - 2 * half) // 2
    better, worse = order[: len(order) // 2], order[len(order) // 2 :]
    sets = pool.sets(size)

    def first(value: Callable[[Set], float]) -> Set:
        return max(sets, key=lambda each: _known(value(each)))

    found = {
        "best": order[:size],
        "worst": order[-size:],
        "best and worst": [*order[:half], *order[len(order) - half :]],
        "middle": order[middle : middle + 2 * half],
        "widest gaps": first(lambda each: gap(pool, each)),
        "smallest gaps": first(lambda each: -gap(pool, each)),
        "most diverse": first(lambda each: diversity(pool, each)),
        "least diverse": first(lambda each: -diversity(pool, each)),
        "likeliest": _down(pool.likelihood)[:size],
        "unlikeliest": _down(-pool.likelihood)[:size],
        "longest": _down(pool.length)[:size],
        "shortest": _down(-pool.length)[:size],
        "least surprise": first(lambda each: agreement(pool, each)),
        "most surprise": first(lambda each: -agreement(pool, each)),
        "hard": _ends(pool.likelihood, better, worse, half),
        "easy": _ends(-pool.likelihood, better, worse, half),
    }
    return {name: tuple(sorted(each)) for name, each in found.items()}


def gap(pool: Pool, members: Set) -> float:
    """Return the mean gap of quality between neighbours: (most − least) / (k − 1)."""
    own = pool.quality[list(members)]
    return float((own.max() - own.min()) / (len(members) - 1))


def agreement(pool: Pool, members: Set) -> float:
    """Return Spearman's ρ of quality and likelihood; NaN where one is constant."""
    return spearman(pool.quality[list(members)], pool.likelihood[list(members)])


def surprise(rho: float) -> float:
    """Return (1 − ρ) / 2: 0 where model and metric rank alike, 1 where they rank opposite."""
    return (1 - rho) / 2


def diversity(pool: Pool, members: Set) -> float:
    """Return the mean of 1 − Jaccard over all pairs."""
    own = pool.unlike[list(members)][:, list(members)]
    return float(own.sum() / (len(members) * (len(members) - 1)))


def spearman(a: Tensor, b: Tensor) -> float:
    """Return the rank correlation, ties at their mean rank; NaN where one is constant."""
    first, second = (_ranks(each) - (len(each) - 1) / 2 for each in (a, b))
    scale = float(first.norm() * second.norm())
    return float(first @ second) / scale if scale > 0 else math.nan


def unigram_f1(text: str, reference: str) -> float:
    """Return the F1 of the different words of a text and of its reference, 0 to 1."""
    own, wanted = (set(re.findall(r"\w+", each.lower())) for each in (text, reference))
    both = len(own & wanted)
    return 2 * both / (len(own) + len(wanted)) if both else 0.0


def unlikeness(texts: Sequence[str]) -> Tensor:
    """Return 1 − Jaccard of the words of each pair, float64 [n, n]; 0 of two empty texts."""
    words = [set(each.lower().split()) for each in texts]
    found = torch.zeros(len(texts), len(texts), dtype=torch.float64)
    for i, j in combinations(range(len(texts)), 2):
        either = len(words[i] | words[j])
        found[i, j] = found[j, i] = 1 - len(words[i] & words[j]) / either if either else 0.0
    return found


@dataclass(frozen=True)
class Fragments:
    """How much of a summary is copied.

    Attributes:
        lengths: of the copied pieces, in words.
        words: of the summary.
        source_words: of the source.
    """

    lengths: tuple[int, ...]
    words: int
    source_words: int

    @property
    def coverage(self) -> float:
        """Share of the summary's words that are copied."""
        return sum(self.lengths) / self.words if self.words else math.nan

    @property
    def density(self) -> float:
        """Mean length of the piece that a word belongs to: Σ f² / words."""
        return sum(each**2 for each in self.lengths) / self.words if self.words else math.nan

    @property
    def compression(self) -> float:
        """Words of the source for each of the summary."""
        return self.source_words / self.words if self.words else math.nan


def fragments(source: Sequence[str], summary: Sequence[str]) -> Fragments:
    """Return the longest pieces of a summary that stand in its source, greedily from the left."""
    source, summary = ([each.lower() for each in words] for words in (source, summary))
    places: dict[str, list[int]] = {}
    for place, word in enumerate(source):
        places.setdefault(word, []).append(place)
    found, at = [], 0
    while at < len(summary):
        longest = max(
            (_match(source[place:], summary[at:]) for place in places.get(summary[at], [])),
            default=0,
        )
        if longest:
            found.append(longest)
        at += max(longest, 1)
    return Fragments(tuple(found), len(summary), len(source))


def ranking_terms(scores: Tensor, margin: float) -> Tensor:
    """Return the hinge at every distance, [k − 1]: mean_i max(0, s_{i+d} − s_i + margin · d).

    Args:
        scores: [k], the best candidate's first.
        margin: by which a candidate should lead the next.
    """
    terms = [
        torch.relu(scores[d:] - scores[:-d] + margin * d).mean() for d in range(1, len(scores))
    ]
    return torch.stack(terms)


def pull(scores: Tensor, margin: float) -> Tensor:
    """Return how the loss pulls at each score, [k]: minus its gradient; above 0 is up."""
    free = scores.detach().clone().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(ranking_terms(free, margin).sum(), free)
    return -gradient


def _ends(likelihood: Tensor, better: Sequence[int], worse: Sequence[int], half: int) -> list[int]:
    """Return the unlikeliest of the better and the likeliest of the worse, ``half`` of each."""
    up = sorted(better, key=lambda each: float(likelihood[each]))
    down = sorted(worse, key=lambda each: -float(likelihood[each]))
    return [*up[:half], *down[:half]]


def _match(source: Sequence[str], summary: Sequence[str]) -> int:
    """Return how many first words are the same."""
    count = 0
    for a, b in zip(source, summary, strict=False):
        if a != b:
            break
        count += 1
    return count


def _down(values: Tensor) -> list[int]:
    return values.argsort(dim=-1, descending=True, stable=True).tolist()


def _ranks(values: Tensor) -> Tensor:
    below = (values[None] < values[:, None]).double().sum(1)
    same = (values[None] == values[:, None]).double().sum(1)
    return below + (same - 1) / 2


def _known(value: float) -> float:
    """Return a value to be ranked by; what is not defined comes last."""
    return -math.inf if math.isnan(value) else value
