"""Needles and threads: haystacks of pairs, answers scored, and what finding one is worth.

Haystacks as in Needle Threading (arXiv 2411.05000), by a generator of our own: its is not released.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Pair = tuple[str, str]

CHANCE_BITS = 128.0
"""Of 32 hexadecimal digits that nothing tells."""

_MARKED_AT = 9
_IDENTIFIER = re.compile("-".join(f"[0-9a-f]{{{count}}}" for count in (8, 4, 4, 4, 12)))


def identifier(seed: int, number: int, role: str) -> str:
    """Return the identifier of a pair: of its "key" or its "value", 36 characters."""
    digest = hashlib.sha256(f"{seed}/{number}/{role}".encode("ascii")).hexdigest()
    ends = (0, 8, 12, 16, 20, 32)
    return "-".join(digest[a:b] for a, b in itertools.pairwise(ends))


def pairs_of(seed: int, count: int) -> list[Pair]:
    """Return ``count`` pairs of identifiers."""
    return [(identifier(seed, i, "key"), identifier(seed, i, "value")) for i in range(count)]


def haystack(pairs: Iterable[Pair]) -> str:
    """Return pairs as a JSON object, one a line."""
    return "{" + ",\n".join(f'"{key}": "{value}"' for key, value in pairs) + "}"


def index_at(depth: float, count: int) -> int:
    """Return which of ``count`` records lies at a depth from 0 to 1; a half rounds up."""
    return math.floor(depth * (count - 1) + 0.5)


def marked(pairs: Sequence[Pair], places: Iterable[int], character: str) -> list[Pair]:
    """Return pairs with ``character`` written into the keys at some places."""
    found = list(pairs)
    for place in places:
        key, value = found[place]
        found[place] = (key[:_MARKED_AT] + character + key[_MARKED_AT + 1 :], value)
    return found


def threaded(pairs: Sequence[Pair], places: Sequence[int]) -> list[Pair]:
    """Return pairs where the value at each place is the key at the next one."""
    found = list(pairs)
    for here, after in itertools.pairwise(places):
        found[here] = (found[here][0], found[after][0])
    return found


def branched(pairs: Sequence[Pair], levels: Sequence[Sequence[int]]) -> list[Pair]:
    """Return pairs where those of a level share the key of its first, which leads there."""
    found = list(pairs)
    for level in levels:
        for place in level:
            found[place] = (pairs[level[0]][0], found[place][1])
    for level, after in itertools.pairwise(levels):
        for place in level:
            found[place] = (found[place][0], pairs[after[0]][0])
    return found


def is_right(reply: str, gold: str, *, beginning: bool = False) -> bool:
    """Tell whether a reply is the answer, or with ``beginning`` begins with it."""
    said = reply.strip()
    return said.startswith(gold) if beginning else said == gold


def set_scores(reply: str, gold: Sequence[str]) -> tuple[float, float]:
    """Return recall and precision of the identifiers that are written anywhere in a reply."""
    said, wanted = set(_IDENTIFIER.findall(reply)), set(gold)
    both = len(said & wanted)
    return both / max(len(wanted), 1), both / max(len(said), 1)


@dataclass(frozen=True)
class Attended:
    """What rows of attention [..., K] have on a span of keys; [...] each, nats.

    Attributes:
        mass: on the span.
        lift: mass beside that of a row that looks everywhere alike.
        entropy: of the whole row.
        inside: of the row within the span.
    """

    mass: Tensor
    lift: Tensor
    entropy: Tensor
    inside: Tensor


def attended(rows: Tensor, span: tuple[int, int]) -> Attended:
    """Return what rows [..., K] have on the keys from ``span[0]`` up to ``span[1]``."""
    part = rows[..., span[0] : span[1]]
    mass = part.sum(-1)
    within = part / mass.clamp(min=torch.finfo(rows.dtype).tiny)[..., None]
    return Attended(
        mass=mass,
        lift=mass * rows.shape[-1] / (span[1] - span[0]),
        entropy=torch.special.entr(rows).sum(-1),
        inside=torch.special.entr(within).sum(-1),
    )
