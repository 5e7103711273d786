"""Attention runs made by hand."""

from __future__ import annotations

import numpy as np

from backend.runs import AttentionRequest, AttentionRun, ModelFacts


def make_run(entropy: np.ndarray, **arrays: np.ndarray) -> AttentionRun:
    """Return a run with this entropy [L, H, T] and nothing remarkable elsewhere."""
    entropy = np.asarray(entropy, np.float32)
    layers, heads, tokens = entropy.shape
    missing = np.isnan(entropy).all((1, 2))
    highest = np.log(np.arange(1, tokens + 1, dtype=np.float32))
    highest = np.where(missing[:, None], np.nan, highest)
    plain = np.where(np.isnan(entropy), np.nan, 0).astype(np.float32)
    names = ("first_mass", "self_mass", "previous_mass", "induction_mass", "distance")
    names = (*names, "score_spread")
    facts = ModelFacts(
        source="x", name="x", revision=None, architecture="X", parameters=1, layers=layers,
        heads=heads, kv_heads=heads, hidden_size=4, vocab_size=9, context=None, dtype="float32",
        device="cpu", memory_bytes=1, weights="x",
    )  # fmt: skip
    run = AttentionRun(
        request=AttentionRequest(text="a" * tokens),
        model=facts,
        versions={"entroscope": "0"},
        created="2026-01-01T00:00:00+00:00",
        seconds=0.0,
        text="a" * tokens,
        tokens=["a"] * tokens,
        token_ids=(np.arange(tokens) % 5).astype(np.int32),
        offsets=np.stack([np.arange(tokens), np.arange(tokens) + 1], -1).astype(np.int32),
        groups=np.arange(tokens, dtype=np.int32),
        special=np.zeros(tokens, bool),
        entropy=entropy,
        max_entropy=highest.astype(np.float32),
        spectral_norm=np.full((layers, heads), np.nan, np.float32),
        reasons={str(layer): "no pattern" for layer in np.flatnonzero(missing)},
        **{**dict.fromkeys(names, plain), **arrays},
    )
    run.check()
    return run


def head_means(*means: float, tokens: int = 40) -> np.ndarray:
    """One layer of heads with constant entropy."""
    return np.broadcast_to(np.array(means)[None, :, None], (1, len(means), tokens)).copy()
