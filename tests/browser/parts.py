"""Runs and the parts that views are given: shipped runs, and texts that no shipped run has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backend.derived import number, number_names
from backend.derived.comparison import CompareRequest, compare
from backend.lenses import LENSES
from backend.lenses.descriptors import describe
from backend.lenses.panels.base import described
from backend.lenses.parcel import pack
from backend.lenses.parts import part
from backend.runs.attention import AttentionRun
from backend.runs.base import TokenizedRun
from backend.runs.residual_norms import ResidualNormsRequest, ResidualNormsRun
from backend.storage.files import load_run
from tests.browser.made_up import FACTS, split, text_run
from tests.runs.makers import attention_run, dataset_run

EXAMPLES = Path(__file__).parents[2] / "examples"
LONG = 8000
DEPTHS = 31
PROSE = (
    "The lighthouse keeper counted the waves that evening, as he had on every evening since the "
    "storm of 1987. Forty-three, forty-four. “Nobody believes me,” he wrote, “but the sea is "
    "slower than it used to be.” The barometer, an unbelievably old instrument, disagreed.\n\n"
    "def surprisal(p):\n\tif p <= 0:\n        return float('inf')\n    return -math.log(p)\n\n"
    "Als der Wind drehte, roch die Luft nach Salz und Eisen; 灯台守は波を数えた。 Η θάλασσα ήταν "
    "ήρεμη. قال الحارس إن البحر أبطأ مما كان. Then  three   spaces and an e\u0301 at the end.\n"
)
HOSTILE = [
    "start",
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 2">',
    "{{constructor.constructor('window.hacked = 3')()}}",
    " <b>plain</b>",
    "\u202e",
    " after",
    " one \u2067two",
    " three",
    "w" * 3000,
    " \x00\x07\x1b",
    "\u200b",
    "\ufeff",
    "\u0301",
    "",
    "\r\n",
    "\t",
    " end",
]
PIECES = ["<|im_start|>", "A", " llama", " ", "?", "?", "?", "?", " and", "?", "?", "?", "."]


@cache
def run(name: str) -> TokenizedRun:
    """Return a shipped run, or one made up for these tests."""
    if "~" in name:
        a, b = name.split("~")
        return compare(CompareRequest(a=a, b=b), run(a), run(b))
    for folder in (EXAMPLES, EXAMPLES / "compare"):
        if (folder / f"{name}.safetensors").exists():
            return load_run(folder / f"{name}.safetensors")
    made = {
        "prose": lambda: text_run(split(PROSE)),
        "long": lambda: text_run(_prose(LONG)),
        "hostile": lambda: text_run(HOSTILE),
        "pieces": lambda: text_run([*PIECES, "<|im_end|>"], pieces={4: (4, "🦙"), 9: (3, "首")}),
        "one": lambda: text_run(["Alone"]),
        "edited": lambda: text_run([*split(PROSE)[:12], " quite", " new", *split(PROSE)[15:]]),
        "long_edited": lambda: text_run([*_prose(LONG)[:4000], " new", *_prose(LONG)[4000:]]),
        "norms": _norms,
        "hostile_attention": lambda: _looking(run("hostile"), 2),
        "windowed_attention": lambda: _windowed(_looking(text_run(_prose(40)), 1)),
        "long_attention": lambda: _looking(text_run(_prose(1500)), 1),
        "made_up_texts": dataset_run,
        "wide": lambda: attention_run(_random((64, 32, 8))),
    }
    return made[name]()


def _prose(length: int) -> list[str]:
    tokens = split(PROSE)
    return (tokens * (length // len(tokens) + 1))[:length]


def _random(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).random(shape).astype(np.float32)


def _looking(text: TokenizedRun, heads: int) -> AttentionRun:
    """Return an attention run over the tokens of a text."""
    shared = ("text", "tokens", "token_ids", "offsets", "groups", "special")
    made = attention_run(_random((1, heads, len(text))))
    seen = np.log(np.arange(1, len(text) + 1))[None].astype(np.float32)
    return replace(made, max_entropy=seen, **{each: getattr(text, each) for each in shared})


def _windowed(made: AttentionRun) -> AttentionRun:
    """Return the run as of a model that sees the last eight tokens."""
    return replace(made, max_entropy=np.minimum(made.max_entropy, np.float32(np.log(8))))


def _norms() -> ResidualNormsRun:
    """Return norms that grow with depth over the garden path."""
    text = run("text_garden_path")
    random = np.random.default_rng(3)
    growth = np.exp(np.linspace(0.5, 5.5, DEPTHS))[:, None]
    norms = (growth * random.lognormal(0, 0.25, (DEPTHS, len(text)))).astype(np.float32)
    norms[:, 0] = np.nan
    shared = ("versions", "created", "seconds", "text", "tokens", "token_ids", "offsets", "groups")
    return ResidualNormsRun(
        request=ResidualNormsRequest(text=text.text, model=text.request.model),
        model=replace(FACTS, layers=DEPTHS - 1),
        special=text.special,
        norms=norms,
        **{each: getattr(text, each) for each in shared},
    )


def kind(name: str) -> str:
    """Return the kind of a run by its name here."""
    return run(name).kind


def tokens(name: str) -> int | None:
    """Return how many tokens a run has; None where it is not over one text."""
    of = run(name)
    return len(of) if isinstance(of, TokenizedRun) else None


def answer(name: str, asked: str, parameters: Mapping[str, str]) -> bytes:
    """Return a part as the server would.

    Raises:
        InputError: there is no such part, or a parameter is of no use.
    """
    of = run(name)
    if asked in MADE_UP:
        return MADE_UP[asked](of, parameters)
    return part(LENSES[of.kind], of, asked, parameters)[0]


def panel(name: str, of: str) -> dict[str, Any]:
    """Return a panel of the run's lens as the browser gets it, or one made up here."""
    known = {each["name"]: each for each in describe(LENSES[kind(name)])["panels"]}
    made_up = {
        "facts": {"module": "facts"},
        "pattern_all": {"module": "pattern"},
        "table_many": {"module": "table"},
        "dots": {"module": "chart", "options": {"cursor": "token"}},
        "nothing": {"module": "chart"},
    }
    if of not in made_up and of in known:
        return known[of]
    return {"name": of, "title": "", "read": "", "numbers": [], "options": {}, **made_up[of]}


def _facts(run: TokenizedRun, _: Mapping[str, str]) -> bytes:
    names = [*number_names(run, ("T",)), *number_names(run, ("D", "T"))]
    found = {name: number(run, name).values.astype(np.float32) for name in names}
    return pack({"numbers": [described(run, name) for name in names]}, found)


def _pattern(run: AttentionRun, asked: Mapping[str, str]) -> bytes:
    """Return a causal map that looks at the first token and at near ones, or parts of it."""
    start, stop = int(asked.get("start", 0)), int(asked.get("stop", len(run)))
    distance = np.arange(start, stop)[:, None] - np.arange(len(run))
    width = 1.5 + int(asked["head"])
    weights = np.where(distance >= 0, np.exp(-np.abs(distance) / width), 0)
    weights[:, 0] += 1
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    if "cells" in asked:
        width = -(-len(run) // int(asked["cells"]))
        places = np.arange(0, len(run), width)
        weights = np.maximum.reduceat(np.maximum.reduceat(weights, places, 0), places, 1)
    return pack({"size": len(run)}, {"weights": weights})


def _table(run: TokenizedRun, _: Mapping[str, str]) -> bytes:
    rows = 10_000
    random = np.random.default_rng(5)
    entropy = random.gamma(2, 1.2, rows).astype(np.float32)
    entropy[3] = np.nan
    columns = [
        {"name": "token", "label": "token", "kind": "number", "quantity": None, "digits": 0},
        {"name": "text", "label": "text", "kind": "text", "quantity": None},
        {
            "name": "entropy", "label": "Entropy", "kind": "number", "heat": True, "digits": None,
            "quantity": described(run, "entropy"),
        },
    ]  # fmt: skip
    words = ["sea", "<img src=x onerror=window.hacked=1>", "首", " ship"]
    header = {
        "rows": rows,
        "columns": columns,
        "texts": {"text": [words[i % 4] for i in range(rows)]},
        "sort": {"name": "entropy", "descending": True},
        "act": {"state": "token", "of": "token"},
        "csv": "tokens",
    }
    return pack(header, {"token": np.arange(rows, dtype=np.float32), "entropy": entropy})


def _dots(run: TokenizedRun, asked: Mapping[str, str]) -> bytes:
    """Return dots over the tokens with the signals that all charts have."""
    values = [
        {"token": i, "text": token, "value": float(i % 7)} for i, token in enumerate(run.tokens)
    ]
    title = {"expr": "'Entropy (' + unit_name + ')'"}
    across = {"field": "token", "type": "quantitative", "scale": {"domain": [0, len(run)]}}
    dots = {
        "mark": {"type": "circle", "size": 80},
        "encoding": {
            "x": across,
            "y": {"field": "shown", "type": "quantitative", "axis": {"title": title}},
            "tooltip": [{"field": "text", "title": "token"}, {"field": "shown", "title": "value"}],
        },
    }
    rule = {
        "mark": {"type": "rule", "style": "here"},
        "transform": [{"filter": "datum.token === cursor"}],
        "encoding": {"x": across},
    }
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": values},
        "params": [
            {"name": "cursor", "value": -1},
            {"name": "factor", "value": 1},
            {"name": "unit_name", "expr": "factor === 1 ? 'nats' : 'bits'"},
        ],
        "transform": [{"calculate": "datum.value * factor", "as": "shown"}],
        "layer": [dots, rule],
    }
    return json.dumps(spec).encode()


def _nothing(run: TokenizedRun, asked: Mapping[str, str]) -> bytes:
    return json.dumps({"nothing": "There is nothing to draw."}).encode()


MADE_UP: dict[str, Callable[[Any, Mapping[str, str]], bytes]] = {
    "facts": _facts,
    "pattern": _pattern,
    "table_many": _table,
    "dots.vl.json": _dots,
    "nothing.vl.json": _nothing,
}
