"""One question asked in many orders of its options: what the order alone decides.

Nats and float64. Source: "entropy over reordered variants" of Jegham et al. 2025, whose formula is
not printed; the order information is ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

MOST = 24
"""Orders that are asked at most: all of four options."""


def orders_of(options: int, seed: int = 0) -> list[tuple[int, ...]]:
    """Return all orders of up to four options; of more the rotations, then others at random."""
    first = tuple(range(options))
    if options <= 4:
        return list(itertools.permutations(first))
    found = [first[place:] + first[:place] for place in range(options)][:MOST]
    draw = np.random.default_rng(seed)
    while len(found) < MOST:
        order = tuple(draw.permutation(options).tolist())
        if order not in found:
            found.append(order)
    return found


def shares_among(logprobs: np.ndarray) -> np.ndarray:
    """Return probabilities among m answers from their log-probabilities [..., m]."""
    known = logprobs.astype(np.float64)
    weights = np.exp(known - known.max(-1, keepdims=True, initial=-np.inf))
    return weights / weights.sum(-1, keepdims=True)


def by_content(letters: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Return what stands by letter [K, m] by content: ``orders[k, place]`` is what stood there.

    NaN for a content that an order does not have.
    """
    found = np.full(letters.shape, np.nan)
    np.put_along_axis(found, orders.astype(np.int64), letters.astype(np.float64), 1)
    return found


def entropy(probs: np.ndarray) -> np.ndarray:
    """Return the entropy of distributions [..., m], nats."""
    p = np.asarray(probs, np.float64)
    logs = np.log(np.where(p > 0, p, 1))
    return -(p * logs).sum(-1)


def order_information(contents: np.ndarray) -> float:
    """Return H(mean) − mean H of distributions over contents [K, m]: what the order tells, nats."""
    return float(entropy(contents.mean(0)) - entropy(contents).mean())


def shares(choices: np.ndarray, options: int) -> np.ndarray:
    """Return how often each of the options was chosen, float64 [options]."""
    return np.bincount(choices, minlength=options) / max(len(choices), 1)


def choice_entropy(choices: np.ndarray, options: int) -> float:
    """Return the entropy of what was chosen in K orders, nats."""
    return abs(float(entropy(shares(choices, options))))  # no -0


def flip_rate(choices: np.ndarray, options: int) -> float:
    """Return the share of orders in which something else than the usual was chosen."""
    return float(1 - shares(choices, options).max(initial=0))


def geometric_mean(probs: np.ndarray) -> np.ndarray:
    """Return the distribution of mean log-probabilities of [K, m].

    Where log p is a letter's part plus a content's, the mean over all orders, or over a balanced
    part of them such as the rotations, leaves one of the two.
    """
    with np.errstate(divide="ignore"):
        return shares_among(np.log(probs).mean(0))


def tokens_read(
    prefix: int, options: Sequence[int], suffix: int, orders: Sequence[Sequence[int]], how: str
) -> int:
    """Return the tokens that are read for all orders.

    Args:
        prefix: tokens before the options.
        options: tokens of each, its letter too.
        suffix: tokens behind them.
        orders: what is asked.
        how: "apart", every prompt by itself; "shared", the prefix once; "tree", every beginning
            that two orders have in common once.
    """
    tails = len(orders) * (sum(options) + suffix)
    if how == "apart":
        return len(orders) * prefix + tails
    if how == "shared":
        return prefix + tails
    nodes = {tuple(order[:depth]) for order in orders for depth in range(1, len(order) + 1)}
    return prefix + sum(options[node[-1]] for node in nodes) + len(orders) * suffix
