"""The rules once more: float64 NumPy and plain loops, from the definitions alone."""

from __future__ import annotations

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


def entropy(probs: np.ndarray) -> float:
    positive = probs[probs > 0]
    return float(-(positive * np.log(positive)).sum())


def order(probs: np.ndarray) -> list[int]:
    """Return ids, most likely first, ties by lower id."""
    return sorted(range(len(probs)), key=lambda each: (-probs[each], each))


def top_k(probs: np.ndarray, k: int) -> set[int]:
    return set(order(probs)[:k])


def top_p(probs: np.ndarray, p: float) -> set[int]:
    kept, mass = set(), 0.0
    for each in order(probs):
        kept.add(each)
        mass += probs[each]
        if mass >= p - 1e-12:
            break
    return kept


def min_p(probs: np.ndarray, share: float) -> set[int]:
    return {each for each in range(len(probs)) if probs[each] >= share * probs.max()}


def typical(probs: np.ndarray, mass: float) -> set[int]:
    centre = entropy(probs)
    distance = np.abs(-np.log(probs) - centre)
    kept, total = set(), 0.0
    for each in sorted(range(len(probs)), key=lambda one: (distance[one], one)):
        kept.add(each)
        total += probs[each]
        if total >= mass - 1e-12:
            break
    return kept


def epsilon(probs: np.ndarray, floor: float) -> set[int]:
    return {each for each in range(len(probs)) if probs[each] >= floor} or {order(probs)[0]}


def eta(probs: np.ndarray, highest: float) -> set[int]:
    return epsilon(probs, min(highest, highest**0.5 * np.exp(-entropy(probs))))


def top_n_sigma(logits: np.ndarray, n: float, ddof: int = 0) -> set[int]:
    floor = logits.max() - n * logits.std(ddof=ddof)
    return {each for each in range(len(logits)) if logits[each] >= floor - 1e-12}


def tail_free(probs: np.ndarray, z: float) -> set[int]:
    ranked = order(probs)
    falling = probs[ranked]
    first = falling[:-1] - falling[1:]
    second = np.abs(first[:-1] - first[1:])
    share = second / second.sum()
    passed = 0.0
    for place, each in enumerate(share):
        passed += each
        if passed > z and place >= 1:
            return set(ranked[:place])
    return set(ranked)


def top_h(probs: np.ndarray, alpha: float) -> set[int]:
    ranked = order(probs)
    kept = [ranked[0]]
    for each in ranked[1:]:
        trial = probs[[*kept, each]]
        if entropy(trial / trial.sum()) > alpha * entropy(probs) + 1e-12:
            break
        kept.append(each)
    return set(kept)


def top_h_code(probs: np.ndarray, alpha: float, *, renormalise: bool) -> set[int]:
    ranked = order(probs)[:100]
    best = probs[ranked]
    if renormalise:
        best = best / best.sum()
    terms = -best * np.log2(best)
    kept, summed = [ranked[0]], terms[0]
    for each, term in zip(ranked[1:], terms[1:], strict=True):
        summed += term
        if summed > alpha * terms.sum():
            break
        kept.append(each)
    return set(kept)


def mirostat_v2(probs: np.ndarray, mu: float) -> set[int]:
    return {each for each in range(len(probs)) if -np.log2(probs[each]) <= mu} or {order(probs)[0]}


def mirostat_v1_k(probs: np.ndarray, mu: float, *, total: int, ratios: int) -> float:
    """Return ŝ and the raw, unrounded k."""
    best = np.sort(probs)[::-1][: ratios + 1]
    rank = np.arange(1, len(best))
    steps, drops = np.log((rank + 1) / rank), np.log(best[:-1] / best[1:])
    s_hat = (steps * drops).sum() / (steps**2).sum()
    over = s_hat - 1
    return s_hat, (over * 2**mu / (1 - total**-over)) ** (1 / s_hat)
