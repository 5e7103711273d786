"""Runs of any kind made from its declarations alone: axes, dtypes, quantities, fields."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, get_origin, get_type_hints

import numpy as np

from backend.quantities import Quantity
from backend.runs import RUN_KINDS, ModelFacts, ModelSpec, Run, TokenizedRun
from backend.runs.arrays import ArraySpec, array_specs
from backend.runs.asking import request_type
from tests.runs.makers import FACTS, PROVENANCE

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Wish:
    """What a run should look like.

    Attributes:
        tokens: of its text, or places of any axis that nothing else fixes.
        layers, heads: of its model.
        text: what its tokens say, repeated; each token is one of its words.
        known: share of the numbers that are there, where a kind lets them be missing.
        infinite: whether infinities stand where a kind lets them.
        wide: how far numbers reach beyond the range of their quantity, as a factor.
    """

    tokens: int = 6
    layers: int = 2
    heads: int = 3
    text: str = "one two "
    known: float = 0.8
    infinite: bool = True
    wide: float = 1.2


def declared_run(kind: str, wish: Wish | None = None, seed: int = 0) -> Run:
    """Return a run of ``kind`` that fits its declarations.

    Raises:
        ValueError: a field of the kind has a type that nothing is known of.
    """
    wish, random = wish or Wish(), np.random.default_rng(seed)
    run_type = RUN_KINDS[kind]
    plain = {**_provenance(wish), **_plain_fields(run_type, wish)}
    # At first with one place on every axis; the run itself says which sizes are fixed.
    small = run_type(**plain, **_arrays(run_type, {}, wish, random, 1))
    run = run_type(**plain, **_arrays(run_type, small.axes(), wish, random, wish.tokens))
    if isinstance(run, TokenizedRun):
        run = replace(run, **_places(wish))
    run.check()
    return run


def _provenance(wish: Wish) -> dict[str, Any]:
    return {**PROVENANCE, "model": replace(FACTS, layers=wish.layers, heads=wish.heads)}


def _words(wish: Wish) -> list[str]:
    words = wish.text.split(" ")
    return [f" {words[place % len(words)]}" for place in range(wish.tokens)]


def _plain_fields(run_type: type[Run], wish: Wish) -> dict[str, Any]:
    """Return the fields that are no arrays and have no default."""
    hints, arrays = get_type_hints(run_type), array_specs(run_type)
    found: dict[str, Any] = {"request": _request(run_type.kind, wish), "seconds": 1.0}
    if issubclass(run_type, TokenizedRun):
        found |= {"text": "".join(_words(wish)), "tokens": _words(wish)}
    for each in fields(run_type):
        bare = each.default is MISSING and each.default_factory is MISSING
        if bare and each.name not in {*found, *arrays, *PROVENANCE}:
            found[each.name] = _value(hints[each.name], each.name, wish)
    return found


def _request(kind: str, wish: Wish) -> Any:
    asked = request_type(kind)
    hints = get_type_hints(asked)
    given = {
        each.name: _value(hints[each.name], each.name, wish)
        for each in fields(asked)
        if each.default is MISSING and each.default_factory is MISSING
    }
    return asked(**given)


def _value(hint: Any, name: str, wish: Wish) -> Any:
    if hint is ModelFacts:
        return replace(FACTS, dtype="bfloat16", layers=wish.layers, heads=wish.heads)
    if hint is ModelSpec:
        return ModelSpec(dtype="bfloat16")
    origin = get_origin(hint) or hint
    plain: dict[Any, Any] = {
        str: "".join(_words(wish)), bool: False, int: 1, float: 1.0, dict: {}, list: [],
        tuple: tuple(_words(wish)),
    }  # fmt: skip
    if origin not in plain:
        raise ValueError(f"declared_run knows no value for {name}: {hint}")
    return plain[origin]


def _arrays(
    run_type: type[Run], sizes: dict[str, int], wish: Wish, random: np.random.Generator, free: int
) -> dict[str, Any]:
    found = {}
    for name, spec in array_specs(run_type).items():
        shape = [each if isinstance(each, int) else sizes.get(each, free) for each in spec.axes]
        found[name] = _numbers(spec, shape, wish, random)
    return found


def _numbers(
    spec: ArraySpec, shape: list[int], wish: Wish, random: np.random.Generator
) -> np.ndarray:
    of = spec.quantity or Quantity("Plain")
    values = random.uniform(of.low, of.high, shape)
    if of.scale == "log":
        values = np.exp(random.uniform(np.log(of.low), np.log(of.high), shape))
    if np.dtype(spec.dtype).kind != "f":
        return values.astype(spec.dtype) if spec.quantity else np.zeros(shape, spec.dtype)
    if of.unit != "%":  # shares stay shares
        values = values * wish.wide
    if spec.infinite and wish.infinite:
        values[random.random(shape) < 0.1] = np.inf
    if spec.nan == "anywhere":
        values[random.random(shape) >= wish.known] = np.nan
    elif spec.nan == "first":
        place = [slice(None)] * len(shape)
        place[spec.axes.index("T")] = slice(1)
        values[tuple(place)] = np.nan
    return values.astype(spec.dtype)


def _places(wish: Wish) -> dict[str, Any]:
    """Return where the tokens of a text stand, and ids that repeat."""
    words = _words(wish)
    ends = np.cumsum([len(each) for each in words])
    starts = ends - [len(each) for each in words]
    return {
        "offsets": np.stack([starts, ends], 1).astype(np.int32),
        "groups": np.arange(len(words), dtype=np.int32),
        "token_ids": (np.arange(len(words)) % 5).astype(np.int32),
        "special": np.zeros(len(words), bool),
    }
