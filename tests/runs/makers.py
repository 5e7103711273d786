"""Random runs of every kind that are whole and consistent, without any model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backend.quantities import Quantity
from backend.runs import (
    RUN_KINDS,
    DatasetRequest,
    DatasetRun,
    DivergenceRequest,
    DivergenceRun,
    ModelFacts,
    ModelSpec,
    Run,
    SamplerSpec,
    TextRequest,
    TextRun,
    TrajectoryRequest,
    TrajectoryRun,
)
from backend.runs.arrays import array_specs
from backend.runs.attention import AttentionRequest, AttentionRun
from backend.runs.training import (
    Choice,
    Copy,
    Figure,
    Line,
    Measured,
    TrainingRequest,
    TrainingRun,
)

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


def attention_run(entropy: np.ndarray | None = None) -> AttentionRun:
    """Return an attention run with this entropy [L, H, T], and zeros elsewhere."""
    if entropy is None:
        entropy = np.random.default_rng(0).random((2, 3, 8)).astype(np.float32)
    layers, heads, tokens = entropy.shape
    text = text_run("x y " * (tokens // 4 + 1), width=1)
    shapes = {"L": layers, "H": heads, "T": tokens}
    zeros = {
        name: np.zeros([shapes[str(axis)] for axis in spec.axes], np.float32)
        for name, spec in array_specs(AttentionRun).items()
        if "L" in spec.axes
    }
    return AttentionRun(
        **{**PROVENANCE, "model": replace(FACTS, layers=layers, heads=heads)},
        request=AttentionRequest(text=text.text[:tokens]),
        seconds=1.0,
        text=text.text[:tokens],
        tokens=text.tokens[:tokens],
        token_ids=text.token_ids[:tokens],
        offsets=text.offsets[:tokens],
        groups=text.groups[:tokens],
        special=text.special[:tokens],
        reasons={},
        **{**zeros, "entropy": entropy},
    )


def trajectory_run(
    names: tuple[str, ...] = ("greedy", "top_p"),
    *,
    seeds: tuple[int, ...] = (0, 1),
    shift: float = 0,
) -> TrajectoryRun:
    """Return a trajectory run of 5 steps; the last trajectory ends after 3."""
    random = np.random.default_rng(0)
    shape = (len(names), len(seeds), 5)
    lengths = np.full(shape[:2], 5, np.int32)
    lengths[-1, -1] = 3
    done = np.arange(5) < lengths[:, :, None]
    ids = np.where(done, random.integers(0, 50, shape), -1).astype(np.int32)
    numbers = {
        name: np.where(done, random.random(shape) + shift, np.nan).astype(np.float32)
        for name in (
            "entropy", "varentropy", "surprisal", "rank", "kept_mass", "final_entropy", "kl",
            "drawn_probability",
        )
    }  # fmt: skip
    tops = np.where(done[..., None], ids[..., None] + np.zeros(2, np.int32), -1).astype(np.int32)
    mass = np.where(done[..., None], np.full(2, 0.5), np.nan).astype(np.float32)
    plans = tuple((SamplerSpec(name, {"p": 0.9} if name == "top_p" else {}),) for name in names)
    return TrajectoryRun(
        **PROVENANCE,
        request=TrajectoryRequest(prompt="Once upon", samplers=plans, steps=5, seeds=seeds),
        seconds=1.0,
        prompt_text="Once upon",
        prompt_ids=np.array([1, 2], np.int32),
        labels=list(names),
        texts=[["a time"] * len(seeds)] * len(names),
        endings=[["length"] * len(seeds)] * len(names),
        lengths=lengths,
        token_ids=ids,
        offsets=np.zeros((*shape, 2), np.int32),
        groups=np.broadcast_to(np.arange(5, dtype=np.int32), shape).copy(),
        kept_count=np.where(done, 3, 0).astype(np.int32),
        raw_top_ids=tops,
        raw_top_logprobs=np.log(mass),
        final_top_ids=tops,
        final_top_probs=mass,
        step_seconds=np.zeros(5, np.float32),
        details={"budget": numbers["entropy"]},
        vocabulary={str(each): f"t{each}" for each in range(50)},
        **numbers,
    )


def dataset_run() -> DatasetRun:
    """Return a data-set run of three texts, one of which could not be read."""
    numbers = {
        name: np.array([1, 2, np.nan], np.float32)
        for name in ("mean_entropy", "max_entropy", "mean_surprisal", "bits_per_byte")
    }
    return DatasetRun(
        **PROVENANCE,
        request=DatasetRequest(texts=("one", "two\nlines", "")),
        seconds=1.0,
        tokens=np.array([3, 4, 0], np.int32),
        problems={"2": "There is no text."},
        **numbers,
    )


def divergence_run() -> DivergenceRun:
    """Return a divergence run of random numbers."""
    text = text_run()
    values = np.where(np.arange(len(text)) == 0, np.nan, 0.5).astype(np.float32)
    return DivergenceRun(
        **PROVENANCE,
        request=DivergenceRequest(text=text.text, other=ModelSpec(dtype="bfloat16")),
        seconds=1.0,
        text=text.text,
        tokens=text.tokens,
        token_ids=text.token_ids,
        offsets=text.offsets,
        groups=text.groups,
        special=text.special,
        other_model=replace(FACTS, dtype="bfloat16"),
        kl_ab=values,
        kl_ba=values,
        js=values,
    )


def training_run(words: str = "plain", *, records: int = 3, seeds: int = 2) -> TrainingRun:
    """Return a training of two variants; one of its networks has diverged."""
    random = np.random.default_rng(0)
    number = Quantity("Loss", "L", help="How wrong it is.", source="Ours.")
    copies = [Copy(f"{words} {v}", s, 0, {"rate": float(v)}) for v in (1, 2) for s in range(seeds)]
    shape = (records, len(copies))
    diverged = np.full(len(copies), -1, np.int32)
    diverged[0] = 1
    values = {
        "loss": random.random(shape, np.float32),
        "heads": random.random((*shape, 2, 3), np.float32),
        "spectrum": random.random((*shape, 3), np.float32),
    }
    for value in values.values():
        value[1:, 0] = np.nan
    return TrainingRun(
        **PROVENANCE,
        request=TrainingRequest(experiment="collapse", seeds=tuple(range(seeds))),
        seconds=1.0,
        experiment=words,
        story=words,
        choices=[Choice("rate", words, "How fast it learns.", 0.1, 0.0, 1.0)],
        copies=copies,
        measured={
            "loss": Measured(number, lines=(Line(words, 0.5),)),
            "heads": Measured(number, axes=("layer", "head")),
            "spectrum": Measured(number, axes=("head",)),
            "floor": Measured(number, final=True),
            "map": Measured(number, axes=("layer", "head"), final=True),
        },
        labels={"layer": ["0", "1"], "head": [words, "1", "2"]},
        figures=[Figure("floor", words, 0.5, 0.0, 1.0), Figure("none", words, None, 0.0, 1.0)],
        texts={"after": [words]},
        data={"digits": "0"},
        steps=4 * records,
        step=np.arange(records, dtype=np.int32) * 4,
        elapsed=np.linspace(0, 1, records, dtype=np.float32),
        diverged=diverged,
        numbers=values,
        results={
            "floor": np.array(0.4, np.float32),
            "map": random.random((2, 3), np.float32),
        },
    )


def all_kinds() -> list[Run]:
    """Return one run of every kind; those without a maker here are made from declarations."""
    from tests.runs.declared_runs import declared_run  # made with the facts of this module

    made = [
        text_run(curve=True), attention_run(), trajectory_run(), dataset_run(), divergence_run(),
        training_run(),
    ]  # fmt: skip
    own = {run.kind: run for run in made}
    return [own.get(kind) or declared_run(kind) for kind in RUN_KINDS]
