"""Runs and the parts that views are given: shipped runs, and texts that no shipped run has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backend.derived import heads, number, number_names, series
from backend.errors import InputError
from backend.lenses.panels.base import described
from backend.lenses.panels.text import text_parcel
from backend.lenses.parcel import pack
from backend.runs.attention import AttentionRun
from backend.runs.base import TokenizedRun
from backend.runs.residual_norms import ResidualNormsRequest, ResidualNormsRun
from backend.runs.text import TextRun
from backend.storage.files import load_run
from tests.browser.made_up import FACTS, split, text_run
from tests.runs.makers import attention_run

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
    if (EXAMPLES / f"{name}.safetensors").exists():
        return load_run(EXAMPLES / f"{name}.safetensors")
    made = {
        "prose": lambda: text_run(split(PROSE)),
        "long": lambda: text_run((split(PROSE) * (LONG // len(split(PROSE)) + 1))[:LONG]),
        "hostile": lambda: text_run(HOSTILE),
        "pieces": lambda: text_run([*PIECES, "<|im_end|>"], pieces={4: (4, "🦙"), 9: (3, "首")}),
        "one": lambda: text_run(["Alone"]),
        "norms": _norms,
        "hostile_attention": _hostile_attention,
        "wide": lambda: attention_run(_random((64, 32, 8))),
    }
    return made[name]()


def _random(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).random(shape).astype(np.float32)


def _hostile_attention() -> AttentionRun:
    text = run("hostile")
    shared = ("text", "tokens", "token_ids", "offsets", "groups", "special")
    return replace(
        attention_run(_random((1, 1, len(text)))), **{each: getattr(text, each) for each in shared}
    )


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


def tokens(name: str) -> int:
    """Return how many tokens a run has."""
    return len(run(name))


def answer(name: str, part: str, asked: Mapping[str, str]) -> bytes | dict[str, Any]:
    """Return a part as the server would.

    Raises:
        InputError: there is no such part.
    """
    known = {"text": lambda *_: text_parcel(run(name)), **PARTS}
    if part not in known:
        raise InputError(f"There is no part {part!r}.")
    return known[part](run(name), asked)


def _strip(run: TokenizedRun, _: Mapping[str, str]) -> bytes:
    names = _of_tokens(run)
    arrays = {name: number(run, name).values.astype(np.float32) for name in names}
    numbers = [described(run, name) for name in names]
    if isinstance(run, TextRun):  # a mean over a window, for a width that is not the one shown
        entropy = described(run, "entropy")
        numbers.append(
            {**entropy, "name": "window_entropy", "window_of": "entropy", "pieces": None}
        )
        arrays["window_entropy"] = series.window_mean(run.entropy, 5).astype(np.float32)
    return pack({"numbers": numbers}, arrays)


def _numbers(run: TokenizedRun, names: list[str], **more: Any) -> bytes:
    found = {name: number(run, name).values.astype(np.float32) for name in names}
    return pack({"numbers": [described(run, name) for name in names], **more}, found)


def _of_tokens(run: TokenizedRun) -> list[str]:
    return number_names(run, ("T",)) or number_names(run, ("D", "T"))


def _along(run: TokenizedRun, _: Mapping[str, str]) -> bytes:
    names = [each for each in _of_tokens(run) if each in {"entropy", "surprisal"}]
    styles = ["line", "dots"]
    lines = [{"name": name, "style": style} for name, style in zip(names, styles, strict=True)]
    return _numbers(run, names, lines=lines, bands=[], zero=True)


def _expected(run: TokenizedRun, _: Mapping[str, str]) -> bytes:
    first = ["entropy", "surprisal", "rank"]
    return _numbers(run, _of_tokens(run), first=first, plain=[])


def _heads(run: AttentionRun, asked: Mapping[str, str]) -> bytes:
    names = ["entropy", "first_mass", "previous_mass", "distance"]
    arrays = {name: heads.mean_over(getattr(run, name)).astype(np.float32) for name in names}
    flags = heads.flag_heads(run)
    header = {
        "layers": run.entropy.shape[0],
        "heads": run.entropy.shape[1],
        "tokens": len(run),
        "numbers": [described(run, name) for name in names],
        "reasons": {},
        "scales": {"observed": flags.scale},
        "flags": {"number": "flag_entropy", "scale": flags.scale},
    }
    share = (flags.share * flags.scale).astype(np.float32)
    return pack(header, {**arrays, "flag_entropy": share})


def _head(run: AttentionRun, asked: Mapping[str, str]) -> bytes:
    layer, head = int(asked.get("layer", 0)), int(asked.get("head", 0))
    names = ["entropy", "first_mass", "previous_mass", "distance"]
    arrays = {name: getattr(run, name)[layer, head].astype(np.float32) for name in names}
    ceiling = heads.entropy_ceiling(run, (layer, head)).astype(np.float32)
    header = {
        "numbers": [
            *[described(run, name) for name in names],
            {**described(run, "entropy"), "name": "ceiling", "label": "Largest entropy"},
        ],
        "lines": [{"name": "entropy", "style": "line"}, {"name": "ceiling", "style": "ceiling"}],
        "bands": [],
        "zero": True,
        "name": f"L{layer}.H{head}",
    }
    return pack(header, {**arrays, "ceiling": ceiling})


def _pattern(run: AttentionRun, asked: Mapping[str, str]) -> bytes:
    """Return a causal map that looks at the first token and at near ones."""
    distance = np.arange(len(run))[:, None] - np.arange(len(run))
    width = 1.5 + int(asked["head"])
    weights = np.where(distance >= 0, np.exp(-np.abs(distance) / width), 0)
    weights[:, 0] += 1
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return pack({"size": len(run)}, {"weights": weights})


def _table(rows: int) -> bytes:
    random = np.random.default_rng(5)
    entropy = random.gamma(2, 1.2, rows).astype(np.float32)
    entropy[3] = np.nan
    described_entropy = described(run("text_fact"), "entropy")
    columns = [
        {"name": "token", "label": "token", "kind": "number", "quantity": None, "digits": 0},
        {"name": "text", "label": "text", "kind": "text", "quantity": None, "pinned": True},
        {
            "name": "entropy", "label": "Entropy", "kind": "number", "heat": True, "digits": None,
            "quantity": described_entropy,
        },
    ]  # fmt: skip
    words = [
        ["sea", "<img src=x onerror=window.hacked=1>", "首", " ship"][i % 4] for i in range(rows)
    ]
    header = {
        "rows": rows,
        "columns": columns,
        "texts": {"text": words},
        "sort": {"name": "entropy", "descending": True},
        "act": {"state": "token", "of": "token"},
        "csv": "tokens",
    }
    return pack(header, {"token": np.arange(rows, dtype=np.float32), "entropy": entropy})


def _chart(run: TokenizedRun, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return dots over the tokens with the signals that all charts have."""
    values = [
        {"token": i, "text": token, "value": float(i % 7)} for i, token in enumerate(run.tokens)
    ]
    title = {"expr": "'Entropy (' + unit + ')'"}
    dots = {
        "mark": {"type": "circle", "size": 80},
        "encoding": {
            "x": {"field": "token", "type": "quantitative"},
            "y": {"field": "shown", "type": "quantitative", "axis": {"title": title}},
            "tooltip": [{"field": "text", "title": "token"}, {"field": "shown", "title": "value"}],
        },
    }
    rule = {
        "mark": {"type": "rule", "style": "here"},
        "transform": [{"filter": "datum.token === cursor"}],
        "encoding": {"x": {"field": "token", "type": "quantitative"}},
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": values},
        "params": [
            {"name": "cursor", "value": -1},
            {"name": "factor", "value": 1},
            {"name": "unit", "expr": "factor === 1 ? 'nats' : 'bits'"},
        ],
        "transform": [{"calculate": "datum.value * factor", "as": "shown"}],
        "layer": [dots, rule],
    }


PARTS: dict[str, Any] = {
    "strip": _strip,
    "facts": lambda run, _: _numbers(run, _of_tokens(run)),
    "along_entropy": _along,
    "expected": _expected,
    "heads": _heads,
    "head": _head,
    "pattern": _pattern,
    "table_tokens": lambda run, _: _table(200),
    "table_many": lambda run, _: _table(10_000),
    "spread_entropy.vl.json": _chart,
}


def panel(name: str, of: str) -> dict[str, Any]:
    """Return a panel as the browser gets it."""
    modules = {"along_entropy": "timeline", "table_tokens": "table", "table_many": "table"}
    modules |= {"spread_entropy": "chart"}
    return {
        "name": of,
        "module": modules.get(of, of),
        "title": "",
        "read": "",
        "options": options(run(name), of),
        "numbers": [],
    }


def options(run: TokenizedRun, of: str) -> dict[str, Any]:
    """Return what the panel's view needs to know."""
    if of == "strip" and run.kind == "residual_norms":
        return {"at": "D", "place": DEPTHS - 1, "tokens": ["norms"], "pieces": []}
    if of == "facts" and run.kind == "residual_norms":
        return {"at": "D", "place": DEPTHS - 1}
    if of == "strip" and isinstance(run, AttentionRun):
        names = ["entropy", "first_mass", "previous_mass", "distance"]
        return {"links": True, "part": "head", "follows": ["head"], "tokens": names, "pieces": []}
    if of == "strip":
        names = _of_tokens(run)
        quantities = {name: described(run, name) for name in names}
        pieces = [name for name in names if quantities[name]["pieces"]]
        return {"tokens": [*names, "window_entropy"], "pieces": pieces, "links": False}
    more = {
        "heads": {
            "follows": ["positions", "first"],
            "measures": ["entropy", "first_mass"],
            "upper": 0.75,
            "lower": 0.05,
        },
        "along_entropy": {"window": "entropy"},
        "expected": {"first_token": "Nothing stands before it, so nothing predicted it."},
        "spread_entropy": {"cursor": "token"},
        "pattern": {"whole_tokens": 1024},
    }
    return more.get(of, {})
