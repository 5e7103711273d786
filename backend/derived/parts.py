"""The parts of a model at one token, strongest first, and where a head took from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runs.attribution import DIFFERENCE, WRITTEN, AttributionRun
from .base import derived

ATTENTION = replace(
    WRITTEN,
    name="Written by attention",
    help=WRITTEN.help.replace("a head", "all heads of a layer"),
)


@derived("attribution", "attention", "L", "T", quantity=ATTENTION)
def attention(run: AttributionRun) -> np.ndarray:
    """Return what the heads of every layer wrote together, float32 [L, T]."""
    return run.heads.sum(1)


@derived("attribution", "mean_difference", quantity=replace(DIFFERENCE, name="Mean lead"))
def mean_difference(run: AttributionRun) -> float:
    """Return the mean lead of what came."""
    return float(np.mean(run.difference[1:])) if len(run) > 1 else float("nan")


@derived(
    "attribution",
    "by_heads",
    quantity=replace(WRITTEN, name="… by heads", help="Mean of what all heads wrote together."),
)
def by_heads(run: AttributionRun) -> float:
    """Return the mean of what all heads wrote."""
    return float(run.heads[..., 1:].sum((0, 1)).mean()) if len(run) > 1 else float("nan")


@derived(
    "attribution",
    "by_mlps",
    quantity=replace(WRITTEN, name="… by MLPs", help="Mean of what all MLPs wrote together."),
)
def by_mlps(run: AttributionRun) -> float:
    """Return the mean of what all MLPs wrote."""
    return float(run.mlps[:, 1:].sum(0).mean()) if len(run) > 1 else float("nan")


def strongest(run: AttributionRun, token: int, count: int) -> tuple[list[str], np.ndarray]:
    """Return names and values [n] of the parts that moved the lead at ``token`` most."""
    layers, heads, _ = run.heads.shape
    names = [f"L{layer}.H{head}" for layer in range(layers) for head in range(heads)]
    names += [f"MLP {layer}" for layer in range(layers)] + ["embedding", "biases"]
    values = np.concatenate(
        [
            run.heads[:, :, token].ravel(),
            run.mlps[:, token],
            [run.embedding[token], run.constant[token]],
        ]
    )
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")[:count]
    return [names[each] for each in order], values[order]


def taken_from(run: AttributionRun, token: int, layer: int, head: int) -> np.ndarray:
    """Return what a head took from every token for its vote at ``token``, float32 [T].

    NaN for tokens that are not among those kept.
    """
    found = np.full(len(run), np.nan, np.float32)
    sources = run.sources[layer, head, token]
    found[sources[sources >= 0]] = run.from_sources[layer, head, token][sources >= 0]
    return found
