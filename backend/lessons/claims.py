"""Short ways to write down what the words of a step take for granted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..derived import number
from .base import Claim

Place = int | tuple[int | slice, ...]

_SHARES = 0.005
"""How far a share may be from the percent that the words give."""


def value(run: Any, name: str, place: Place) -> float:
    """Return a stored or derived number of a run at a place; the mean where that is several."""
    return float(np.mean(number(run, name).values[place]))


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
    return f"{part.start}:{part.stop}" if isinstance(part, slice) else str(part)
