"""Runs made up for browser tests: real shapes, invented numbers, no model."""

from __future__ import annotations

import re
import zlib

import numpy as np

from backend.runs.model import ModelFacts, ModelSpec
from backend.runs.text import TextRequest, TextRun

VOCABULARY_SIZE = 50_000
TOP_K = 10
FACTS = ModelFacts(
    source="made up",
    name="made up",
    revision=None,
    architecture="none",
    parameters=0,
    layers=0,
    heads=0,
    kv_heads=0,
    hidden_size=0,
    vocab_size=VOCABULARY_SIZE,
    context=None,
    dtype="float32",
    device="cpu",
    memory_bytes=0,
    weights="none",
)


def split(text: str) -> list[str]:
    """Cut a text into tokens about as long as a real tokenizer's."""
    return re.findall(r"\n+| ?[^\W\d]{1,7}|\d| +(?= )|[^\w\s]+|\s|\S", text)


def text_run(tokens: list[str], *, pieces: dict[int, tuple[int, str]] | None = None) -> TextRun:
    """Return a text run over ``tokens``.

    Args:
        tokens: display texts.
        pieces: per first token of a broken-up character, how many tokens it takes and the
            character; those tokens' own texts are replaced.
    """
    tokens, groups, offsets, text = _with_pieces(tokens, pieces or {})
    length = len(tokens)
    random = np.random.default_rng(7)
    surprise = random.gamma(1.1, 2.2, length).astype(np.float32)
    top_logprobs = np.log(random.dirichlet(np.full(TOP_K, 0.35), length) * 0.97 + 1e-9)
    top_logprobs = -np.sort(-top_logprobs, axis=1).astype(np.float32)
    ids = np.array([zlib.crc32(token.encode("utf-8", "replace")) % 5000 for token in tokens])
    top_ids = random.choice(ids, (length, TOP_K))
    rank = np.ones(length, dtype=np.float32)
    for i in range(length):
        place = int(np.searchsorted(-top_logprobs[i], surprise[i]))
        rank[i] = place + 1 if place < TOP_K else TOP_K + 1 + int(surprise[i] ** 3)
        if place < TOP_K:
            top_ids[i, place] = ids[i]
            surprise[i] = -top_logprobs[i, place]
    entropy = (0.5 * surprise + random.gamma(2, 0.9, length)).astype(np.float32)
    for series in (surprise, entropy, rank):
        series[0] = np.nan
    top_ids[0], top_logprobs[0] = -1, np.nan
    return TextRun(
        request=TextRequest(text=text, model=ModelSpec()),
        model=FACTS,
        versions={"entroscope": "0"},
        created="2026-01-01T00:00:00Z",
        seconds=0.0,
        text=text,
        tokens=tokens,
        token_ids=ids.astype(np.int32),
        offsets=offsets,
        groups=groups,
        special=np.array([bool(re.fullmatch(r"<\|\w+\|>", token)) for token in tokens]),
        entropy=entropy,
        varentropy=(entropy**1.4).astype(np.float32),
        surprisal=surprise,
        rank=rank,
        top_ids=top_ids.astype(np.int32),
        top_logprobs=top_logprobs,
        context_lengths=np.arange(length, dtype=np.int32),
        vocabulary={str(i): token for i, token in zip(ids.tolist(), tokens, strict=True)},
    )


def _with_pieces(
    tokens: list[str], pieces: dict[int, tuple[int, str]]
) -> tuple[list[str], np.ndarray, np.ndarray, str]:
    shown = list(tokens)
    groups, offsets, parts = [], [], []
    at = i = group = 0
    while i < len(tokens):
        count, whole = pieces.get(i, (1, tokens[i]))
        for each in range(i, i + count):
            if count > 1:
                shown[each] = "\N{REPLACEMENT CHARACTER}"
            groups.append(group)
            offsets.append((at, at + len(whole)))
        parts.append(whole)
        at += len(whole)
        i += count
        group += 1
    return (
        shown,
        np.array(groups, dtype=np.int32),
        np.array(offsets, dtype=np.int32),
        "".join(parts),
    )
