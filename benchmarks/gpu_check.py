"""The studies on a GPU: time, memory and agreement, with random weights in known shapes.

    scripts/gpu_check.sh                       # on a machine with a GPU: gpu_check.md
    python -m benchmarks.gpu_check --tiny      # tiny shapes, as on a machine without one, printed
    python -m benchmarks.gpu_check --record    # the table in benchmarks/README.md

Nothing is downloaded: configurations are written below, weights are random and the tokenizer has
one token a byte. Time and memory of a forward pass depend on neither.
"""

from __future__ import annotations

import argparse
import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel, Qwen3Config
from transformers import TokenizersBackend as Backend

import backend
from backend.errors import EntroscopeError
from backend.models.facts import describe
from backend.models.language import LanguageModel
from backend.models.self_test import note_decoding
from backend.models.tokenizer import TextTokenizer
from backend.runs import ModelSpec
from benchmarks.measuring import write_section

EIGHT = ["greedy", "temperature", "top_k", "top_p", "min_p", "typical", "mirostat_v2", "top_h"]
LENGTHS = (512, 2048, 8192, 32_768)
STEPS = 16
_ROUNDS = 3
_ENOUGH = 2.0  # seconds of one case, after which it is not repeated
_FULL = (torch.cuda.OutOfMemoryError, EntroscopeError)
_SENTENCE = "The river was low that year, and we walked across on stones. "

GREEDY = "greedy tokens of 16 that differ"

# Text and attention against float64 on the CPU, in nats. Weights and activations in bfloat16 have
# three digits; the small model's distributions are peaked, so that they show it.
TOLERANCES = {"float32": 1e-4, "bfloat16": 0.25}


@dataclass(frozen=True)
class Shape:
    """A model's configuration, with random weights.

    Attributes:
        name: whose shape it is.
        config: of transformers.
    """

    name: str
    config: Any


SHAPES = (
    Shape(
        "SmolLM2-135M",
        LlamaConfig(
            vocab_size=49_152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
            num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=8192,
            tie_word_embeddings=True,
        ),
    ),
    Shape(
        "Qwen3-0.6B",
        Qwen3Config(
            vocab_size=151_936, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28,
            num_attention_heads=16, num_key_value_heads=8, head_dim=128,
            max_position_embeddings=40_960, tie_word_embeddings=True,
        ),
    ),
    Shape(
        "Llama-3.1-8B",
        LlamaConfig(
            vocab_size=128_256, hidden_size=4096, intermediate_size=14_336, num_hidden_layers=32,
            num_attention_heads=32, num_key_value_heads=8, max_position_embeddings=131_072,
            tie_word_embeddings=False,
        ),
    ),
)  # fmt: skip

_SMALL = {
    "vocab_size": 512, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
    "initializer_range": 0.2,  # else every distribution is nearly uniform
}  # fmt: skip
SMALL = Shape("small Llama", LlamaConfig(**_SMALL))
TINY = (replace(SMALL, name="tiny Llama"), Shape("tiny Qwen3", Qwen3Config(head_dim=16, **_SMALL)))


def build(shape: Shape, device: torch.device, dtype: torch.dtype) -> LanguageModel:
    """Return a model of random weights, the same in every process."""
    torch.manual_seed(0)
    with torch.device(device):
        made = AutoModelForCausalLM.from_config(shape.config, dtype=dtype)
    return wrap(made, shape.name)


def wrap(torch_model: PreTrainedModel, name: str) -> LanguageModel:
    """Return a model of transformers as the studies take it."""
    spec = ModelSpec("bundled", device=str(torch_model.device))
    tokenizer = TextTokenizer(_bytes_as_tokens(torch_model.config.vocab_size), name)
    facts = describe(
        torch_model, tokenizer, spec, name=name, revision=None, weights="random, from a shape"
    )
    model = LanguageModel(torch_model, tokenizer, spec, facts)
    note_decoding(model)
    return model


def _bytes_as_tokens(size: int) -> Any:
    """Return a tokenizer whose first 256 tokens are bytes; text gives no other."""
    names = sorted(pre_tokenizers.ByteLevel.alphabet())
    names += [f"unused{each}" for each in range(size - len(names))]
    made = Tokenizer(models.BPE(vocab={each: i for i, each in enumerate(names)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    return Backend(tokenizer_object=made, clean_up_tokenization_spaces=False)


def text_of(length: int) -> str:
    """Return a text of so many tokens."""
    return (_SENTENCE * (length // len(_SENTENCE) + 1))[:length]


def ids_of(model: LanguageModel, text: str) -> Tensor:
    """Return the tokens of ``text``, [1, T], on the model's device."""
    ids = torch.from_numpy(model.tokenizer.encode(text).ids).long()[None]
    return ids.to(model.torch_model.device)


def plain(model: LanguageModel, text: str) -> None:
    """Run the model's own forward pass with the head at every position, and drop the logits."""
    with torch.inference_mode():
        model.torch_model(ids_of(model, text), use_cache=False)


def plain_decoding(model: LanguageModel, text: str) -> None:
    """Read a prompt once and take the likeliest token of eight equal rows, step by step."""
    with torch.inference_mode():
        ids = ids_of(model, text)
        out = model.torch_model(ids, use_cache=True, logits_to_keep=1)
        cache, logits = out.cache, out.logits.expand(len(EIGHT), -1, -1)
        cache.batch_repeat_interleave(len(EIGHT))
        for _ in range(STEPS - 1):
            logits = model.torch_model(logits.argmax(-1), cache=cache).logits
        logits.argmax(-1).cpu()


def eight_samplers(model: LanguageModel, text: str) -> None:
    """Continue a prompt with eight samplers as one batch."""
    backend.study_trajectories(model, text, EIGHT, steps=STEPS)


@dataclass(frozen=True)
class Way:
    """Something to time.

    Attributes:
        name: in the table.
        run: on a model and a text.
        over: the name of what it is compared with; empty for none.
        half: whether it is another thing in bfloat16 only.
    """

    name: str
    run: Callable[[LanguageModel, str], Any]
    over: str = ""
    half: bool = False


WAYS = (
    Way("forward", plain),
    Way("text", lambda model, text: backend.study_text(model, text), "forward"),
    Way(
        "attention, exact",
        lambda model, text: backend.study_attention(model, text, method="exact"),
        "forward",
    ),
    Way(
        "attention, fast",
        lambda model, text: backend.study_attention(model, text, method="fast"),
        "forward",
        half=True,
    ),
    Way(f"{STEPS} steps of 8 rows", plain_decoding),
    Way(f"eight samplers, {STEPS} steps", eight_samplers, f"{STEPS} steps of 8 rows"),
)


@dataclass(frozen=True)
class Measured:
    """What a case took: seconds, and bytes beside the model (NaN where nobody counts them)."""

    seconds: float
    bytes: float


def measure(action: Callable[[], Any], device: torch.device, rounds: int) -> Measured:
    """Run something once to warm up and then ``rounds`` times at most; the median counts."""
    cuda = device.type == "cuda"
    action()
    if cuda:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device) if cuda else 0
    taken: list[float] = []
    while len(taken) < rounds and sum(taken) < _ENOUGH:
        started = time.perf_counter()
        action()
        if cuda:
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - started)
    peak = torch.cuda.max_memory_allocated(device) - before if cuda else float("nan")
    return Measured(statistics.median(taken), peak)


class Clock:
    """How much of the time is left, and whether something will fit into it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left."""
        return self._end - time.monotonic()

    def part(self, parts: int) -> Clock:
        """Return the clock of the next of so many equal parts."""
        return Clock(self.left() / parts)


def rows_of(
    model: LanguageModel, lengths: tuple[int, ...], clock: Clock, rounds: int = _ROUNDS
) -> Iterator[str]:
    """Yield rows of the table, until the time is over."""
    device, context = model.torch_model.device, model.facts.context or max(lengths)
    earlier: dict[str, tuple[int, float]] = {}
    half = model.facts.dtype == "bfloat16"
    for length in lengths:
        found: dict[str, Measured] = {}
        for way in WAYS:
            decodes = "steps" in way.name
            if (way.half and not half) or length + STEPS * decodes > context:
                continue
            start = f"| {model.facts.name} | {model.facts.dtype} | {length:,} | {way.name} |"
            before, taken = earlier.get(way.name, (length, 0.0))
            if taken * (length / before) ** 2 * 2 > max(0.0, clock.left()):
                yield f"{start} left out for time | | |"
                continue
            text = text_of(length)
            try:
                one = measure(partial(way.run, model, text), device, rounds)
            except _FULL as failure:
                yield f"{start} {_reason(failure)} | | |"
            else:
                found[way.name], earlier[way.name] = one, (length, one.seconds)
                yield f"{start} {_cells(one, found.get(way.over))} |"
            _empty(device)


def _cells(one: Measured, over: Measured | None) -> str:
    memory = "–" if one.bytes != one.bytes else f"{one.bytes / 1e6:,.0f} MB"
    ratio = f"{one.seconds / over.seconds:.2f}" if over else "–"
    return f"{1000 * one.seconds:,.1f} ms | {memory} | {ratio}"


def _reason(failure: BaseException) -> str:
    return "does not fit" if isinstance(failure, torch.cuda.OutOfMemoryError) else str(failure)


def _empty(device: torch.device) -> None:
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()


def table(
    shapes: tuple[Shape, ...],
    lengths: tuple[int, ...],
    device: torch.device,
    clock: Clock,
    rounds: int,
) -> Iterator[str]:
    """Yield the lines of the table of time and memory."""
    yield "| shape | weights | tokens | study | time | peak memory | ÷ plain |"
    yield "|:--|:--|--:|:--|--:|--:|--:|"
    cases = [(shape, dtype) for shape in shapes for dtype in (torch.bfloat16, torch.float32)]
    for number, (shape, dtype) in enumerate(cases):
        try:
            model = build(shape, device, dtype)
        except torch.cuda.OutOfMemoryError:
            yield f"| {shape.name} | {_name(dtype)} | | | does not fit | | |"
            continue
        yield from rows_of(model, lengths, clock.part(len(cases) - number), rounds)
        del model
        _empty(device)


@torch.inference_mode()
def agreement(device: torch.device, dtype: torch.dtype) -> dict[str, float]:
    """Compare a small model's numbers on ``device`` with float64 on the CPU.

    Returns:
        The largest differences in nats of entropy and surprisal of the text and of the entropy of
        attention, exact and fast; and how many of 16 greedy tokens differ.
    """
    model = build(SMALL, torch.device("cpu"), dtype)
    double = build(SMALL, torch.device("cpu"), torch.float64)
    double.torch_model.load_state_dict(
        {name: each.double() for name, each in model.torch_model.state_dict().items()}
    )
    text = text_of(200)
    ids = ids_of(double, text)
    double.torch_model.set_attn_implementation("eager")
    out = double.torch_model(ids, output_attentions=True, use_cache=False)
    log_p = torch.log_softmax(out.logits[0, :-1], -1)
    expected = -(log_p.exp() * log_p).sum(-1)
    surprisal = -log_p.gather(-1, ids[0, 1:, None])[:, 0]
    weights = torch.stack([each[0] for each in out.attentions])
    heads = -torch.special.xlogy(weights, weights).sum(-1)

    torch_model: Any = model.torch_model
    torch_model = torch_model.to(device)
    there = wrap(torch_model, SMALL.name)
    run: Any = backend.study_text(there, text)
    exact: Any = backend.study_attention(there, text, method="exact")
    written: Any = backend.study_trajectories(there, text, ["greedy"], steps=16)
    found = {
        "entropy": _largest(run.entropy[1:], expected),
        "surprisal": _largest(run.surprisal[1:], surprisal),
        "attention, exact": _largest(exact.entropy, heads),
        GREEDY: float((_greedy(double, ids, 16) != _tokens(written)).sum()),
    }
    if dtype == torch.bfloat16:  # in float32 there is the exact way alone
        fast: Any = backend.study_attention(there, text, method="fast")
        found["attention, fast"] = _largest(fast.entropy, heads)
    return found


def _greedy(model: LanguageModel, ids: Tensor, steps: int) -> Tensor:
    length = ids.shape[1]
    for _ in range(steps):
        ids = torch.cat([ids, model.torch_model(ids).logits[:, -1:].argmax(-1)], 1)
    return ids[0, length:]


def _tokens(run: Any) -> Tensor:
    return torch.from_numpy(run.token_ids[0, 0]).long()


def _largest(found: Any, expected: Tensor) -> float:
    return float((torch.from_numpy(found).double() - expected).abs().max())


def agreement_table(device: torch.device) -> tuple[str, bool]:
    """Return the table of agreement, and whether all is within the tolerances."""
    names = ["entropy", "surprisal", "attention, exact", "attention, fast"]
    lines = [
        f"| weights | {' | '.join(names)} | allowed | {GREEDY} |",
        "|:--|" + "--:|" * (len(names) + 2),
    ]
    good = True
    for dtype, allowed in TOLERANCES.items():
        found = agreement(device, getattr(torch, dtype))
        cells = [f"{found[name]:.1e}" if name in found else "–" for name in names]
        lines.append(f"| {dtype} | {' | '.join(cells)} | {allowed:g} | {found[GREEDY]:.0f} |")
        good &= all(found[name] <= allowed for name in names if name in found)
        good &= dtype != "float32" or found[GREEDY] == 0
    return "\n".join(lines), good


def machine(device: torch.device) -> str:
    """Return one line about what the numbers were taken on."""
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        where = f"{facts.name}, {facts.total_memory / 1e9:.0f} GB, CUDA {torch.version.cuda}"
    else:
        where = f"no GPU: a rehearsal on the CPU, {torch.get_num_threads()} threads"
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    return f"{where}; {versions}, Python {platform.python_version()}."


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def main(arguments: list[str]) -> int:
    """Measure; return 1 where a number is further from float64 than it may be."""
    parser = argparse.ArgumentParser(prog="gpu_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--tiny", action="store_true", help="tiny shapes, for a machine without GPU"
    )
    parser.add_argument("--seconds", type=float, default=270, help="stop measuring after these")
    parser.add_argument("--out", type=Path, help="a file for the tables")
    parser.add_argument("--record", action="store_true", help="put them into benchmarks/README.md")
    asked = parser.parse_args(arguments)
    clock = Clock(asked.seconds)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tiny = asked.tiny or device.type == "cpu"
    shapes, lengths, rounds = (TINY, (128,), 1) if tiny else (SHAPES, LENGTHS, _ROUNDS)
    compared, good = agreement_table(device)
    print(compared, flush=True)
    lines = []
    for line in table(shapes, lengths, device, clock, rounds):
        print(line, flush=True)
        lines.append(line)
    page = "\n\n".join(
        [
            machine(device),
            "Largest differences of a small model from float64 on the CPU, in nats.",
            compared,
            "Random weights in the shapes of the models; `÷ plain` is over the row above that has "
            "the model's own forward pass, or its own decoding. Memory is the peak over the model.",
            "\n".join(lines),
        ]
    )
    if asked.out:
        asked.out.write_text(f"# GPU check\n\n{page}\n", encoding="utf-8")
    if asked.record:
        write_section("gpu", page)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
