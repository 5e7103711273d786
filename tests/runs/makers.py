"""Random runs of every kind that are whole and consistent, without any model."""

from __future__ import annotations

import numpy as np

from backend.runs import ModelFacts, ModelSpec, TextRequest, TextRun

FACTS = ModelFacts(
    source="bundled",
    name="Tiny",
    revision=None,
    architecture="LlamaForCausalLM",
    parameters=1_000,
    layers=2,
    heads=3,
    kv_heads=1,
    hidden_size=8,
    vocab_size=50,
    context=128,
    dtype="float32",
    device="cpu",
    memory_bytes=4_000,
    weights="safetensors",
)
PROVENANCE = {
    "model": FACTS,
    "versions": {"entroscope": "0"},
    "created": "2026-01-01T00:00:00+00:00",
}


def text_run(
    text: str = "One two, three é 🙂 four.",
    *,
    seed: int = 0,
    width: int = 3,
    top_k: int = 4,
    curve: bool = False,
    title: str = "",
    spec: ModelSpec | None = None,
) -> TextRun:
    """Return a text run whose tokens are ``width`` characters each and whose numbers are random."""
    random = np.random.default_rng(seed)
    starts = np.arange(0, len(text), width, dtype=np.int32)
    ends = np.minimum(starts + width, len(text)).astype(np.int32)
    count = len(starts)
    logits = random.normal(size=(count, FACTS.vocab_size)) * 3
    logprobs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    ids = random.integers(0, FACTS.vocab_size, count).astype(np.int32)
    order = np.argsort(-logprobs, axis=1)[:, :top_k].astype(np.int32)
    surprisal = -logprobs[np.arange(count), ids]
    entropy = -(np.exp(logprobs) * logprobs).sum(1)
    arrays = {
        "entropy": entropy,
        "varentropy": (np.exp(logprobs) * (logprobs + entropy[:, None]) ** 2).sum(1),
        "surprisal": surprisal,
        "rank": 1.0 + (-logprobs < surprisal[:, None]).sum(1),
        "top_logprobs": np.take_along_axis(logprobs, order, 1),
    }
    if curve:
        edges = np.arange(8)
        within = -logprobs[:, None, :] <= edges[:, None]
        arrays["curve_mass"] = (within * np.exp(logprobs)[:, None]).sum(2).clip(max=1)
    arrays = {name: value.astype(np.float32) for name, value in arrays.items()}
    for value in arrays.values():
        value[0] = np.nan
    order[0] = -1
    if curve:
        arrays["curve_edges"] = edges.astype(np.float32)
        arrays["curve_counts"] = within.sum(2).astype(np.int32)
        arrays["curve_counts"][0] = -1
    return TextRun(
        **PROVENANCE,
        request=TextRequest(text=text, top_k=top_k, curve=curve, model=spec or ModelSpec()),
        seconds=0.5,
        title=title,
        text=text,
        tokens=[text[start:end] for start, end in zip(starts, ends, strict=True)],
        token_ids=ids,
        offsets=np.stack([starts, ends], 1),
        groups=np.arange(count, dtype=np.int32),
        special=np.zeros(count, bool),
        top_ids=order,
        context_lengths=np.arange(count, dtype=np.int32),
        vocabulary={str(each): f"t{each}" for each in np.unique(order[1:])},
        **arrays,
    )
