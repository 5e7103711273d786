"""Short ways to write down what the words of a step take for granted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..derived import number
from ..derived.series import window_mean
from .base import Claim

Place = int | slice | tuple[int | slice, ...]

_SHARES = 0.005
"""How far a share may be from the percent that the words give."""


def value(run: Any, name: str, place: Place) -> float:
    """Return a stored or derived number of a run at a place; the mean where that is several."""
    return float(np.nanmean(number(run, name).values[place]))


def above(name: str, place: Place, limit: float) -> Claim:
    """Claim that a number is above a limit, in nats."""
    return Claim(
        f"{name}{_written(place)} > {limit:g}", lambda run: value(run, name, place) > limit
    )


def below(name: str, place: Place, limit: float) -> Claim:
    """Claim that a number is below a limit, in nats."""
    return Claim(
        f"{name}{_written(place)} < {limit:g}", lambda run: value(run, name, place) < limit
    )


def about(name: str, place: Place, expected: float, within: float) -> Claim:
    """Claim that a number is what the words say, in nats, as far as they are rounded."""
    return Claim(
        f"{name}{_written(place)} ≈ {expected:g} ± {within:g}",
        lambda run: abs(value(run, name, place) - expected) <= within,
    )


def greatest(name: str, place: int) -> Claim:
    """Claim that a number of tokens is nowhere greater."""
    return Claim(
        f"{name} is greatest at {place}",
        lambda run: int(np.nanargmax(number(run, name).values)) == place,
    )


def least(name: str, place: int) -> Claim:
    """Claim that a number of tokens is nowhere smaller."""
    return Claim(
        f"{name} is least at {place}",
        lambda run: int(np.nanargmin(number(run, name).values)) == place,
    )


def places_where(words: str, places: tuple[int, ...], here: Callable[[Any], np.ndarray]) -> Claim:
    """Claim that something is so at these tokens, and at no others."""
    return Claim(
        f"{words} only at {', '.join(map(str, places))}",
        lambda run: tuple(np.flatnonzero(here(run)).tolist()) == places,
    )


def best_head(name: str, head: tuple[int, int]) -> Claim:
    """Claim that no head has more of a number, on average over the tokens that have it."""

    def holds(run: Any) -> bool:
        means = np.nanmean(number(run, name).values, axis=-1)
        return np.unravel_index(np.nanargmax(means), means.shape) == head

    return Claim(f"{name} is greatest at L{head[0]}.H{head[1]}", holds)


def heads_above(name: str, limit: float, count: int) -> Claim:
    """Claim how many heads have more of a number than a limit, on average over the tokens."""
    return Claim(
        f"{name} > {limit:g} in {count} heads",
        lambda run: int((np.nanmean(number(run, name).values, axis=-1) > limit).sum()) == count,
    )


def token(place: int, text: str) -> Claim:
    """Claim that a token is the one that the words quote."""
    return Claim(f"token {place} is “{text}”", lambda run: run.tokens[place] == text)


def guess(place: int, text: str, percent: float, rank: int = 1) -> Claim:
    """Claim that a token was held to be so likely before ``place``, and had this rank there."""

    def holds(run: Any) -> bool:
        ids = run.top_ids[place]
        found = run.vocabulary[str(ids[rank - 1])]
        share = float(np.exp(run.top_logprobs[place, rank - 1]))
        return found == text and abs(share - percent / 100) <= _SHARES

    return Claim(f"guess {rank} at token {place} is “{text}” with {percent:g} %", holds)


def length(tokens: int) -> Claim:
    """Claim how many tokens a text has."""
    return Claim(f"{tokens:,} tokens", lambda run: len(run) == tokens)


def sees_all() -> Claim:
    """Claim that before every token the model saw the whole text up to it."""
    return Claim(
        "every token was read with all before it",
        lambda run: bool((np.asarray(run.context_lengths) == np.arange(len(run))).all()),
    )


def extreme_window(name: str, width: int, place: int, *, least: bool = False) -> Claim:
    """Claim where the mean of a number over a window is greatest, or least."""

    def holds(run: Any) -> bool:
        means = window_mean(number(run, name).values, width)
        return int(np.nanargmin(means) if least else np.nanargmax(means)) == place

    which = "least" if least else "greatest"
    return Claim(f"mean {name} over {width} is {which} at {place}", holds)


def same_until(step: int, one: int = 0, other: int = 1, seed: int = 0) -> Claim:
    """Claim at which step the texts of two samplers part."""

    def holds(run: Any) -> bool:
        differ = run.token_ids[one, seed] != run.token_ids[other, seed]
        return int(np.flatnonzero(differ)[0]) == step

    return Claim(f"[{one}] and [{other}] part at step {step}", holds)


def kept(judge: int, row: int, step: int, count: int, seed: int = 0) -> Claim:
    """Claim how many tokens a sampler keeps of the distribution at a step of a row."""
    return Claim(
        f"[{judge}] keeps {count:,} at {_written((row, seed, step))}",
        lambda run: int(run.compare_count[judge, row, seed, step]) == count,
    )


def drawn(sampler: int, step: int, text: str, seed: int = 0) -> Claim:
    """Claim that a sampler drew the token that the words quote."""
    return Claim(
        f"{_written((sampler, seed, step))} drew “{text}”",
        lambda run: run.vocabulary[str(run.token_ids[sampler, seed, step])] == text,
    )


def _written(place: Place) -> str:
    parts = place if isinstance(place, tuple) else (place,)
    return f"[{', '.join(map(_part, parts))}]"


def _part(part: int | slice) -> str:
    if not isinstance(part, slice):
        return str(part)
    ends = ("" if each is None else str(each) for each in (part.start, part.stop))
    return ":".join(ends)
