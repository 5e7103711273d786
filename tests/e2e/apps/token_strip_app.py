"""A page with nothing but a token strip and the switches that a real page would have around it."""

from __future__ import annotations

import numpy as np
import streamlit as st
from made_up import split, text_run

from backend.runs.text import TextRun
from components.token_strip import Metric, token_strip

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
    " plain",
    "\u202e",
    " after",
    " override",
    " one \u2067two",
    " three",
    "w" * 10_000,
    " \x00\x07\x1b",
    "\u200b",
    "\ufeff",
    "\u0301",
    "",
    "\r\n",
    "\t",
    " end",
    "\ud800",
]


@st.cache_resource
def run(name: str, length: int) -> TextRun:
    """Return one of the texts of this page."""
    if name == "hostile":
        return text_run(HOSTILE)
    if name == "pieces":
        tokens = [
            "<|im_start|>",
            "A",
            " llama",
            " ",
            "?",
            "?",
            "?",
            "?",
            " and",
            "?",
            "?",
            "?",
            ".",
        ]
        return text_run([*tokens, "<|im_end|>"], pieces={4: (4, "🦙"), 9: (3, "鱻")})
    if name == "characters":
        # Nothing to part it at: characters of three and of four pieces in turn.
        starts = np.cumsum([0, *([3, 4] * (length // 7))])[:-1].tolist()
        wholes = {at: (3, "鱻") if i % 2 == 0 else (4, "🦙") for i, at in enumerate(starts)}
        return text_run(["?"] * (length // 7 * 7), pieces=wholes)
    tokens = split(PROSE)
    if name == "prose":
        return text_run(tokens)
    one_paragraph = [token for token in tokens if "\n" not in token]
    source = one_paragraph if name == "unbroken" else tokens
    return text_run((source * (length // len(source) + 1))[:length])


def metrics(shown: TextRun, bits: bool) -> list[Metric]:
    """Return the metrics of a text run, as a page would."""
    unit, factor = ("bits", 1 / np.log(2)) if bits else ("nats", 1.0)
    gap = (shown.surprisal - shown.entropy) * factor
    return [
        Metric("entropy", "Entropy", shown.entropy * factor, unit, 0, 8 * factor),
        Metric("surprisal", "Surprisal", shown.surprisal * factor, unit, 0, 12 * factor),
        Metric("gap", "Surprisal − entropy", gap, unit, -6 * factor, 6 * factor, "diverging"),
        Metric("rank", "Rank", shown.rank, scale="rank"),
        Metric("probability", "Probability", 100 * np.exp(-shown.surprisal), "%", 0, 100),
    ]


def words(shown: TextRun) -> np.ndarray:
    """Return the number of the word that each token belongs to."""
    starts = [i == 0 or not token[:1].isalnum() for i, token in enumerate(shown.tokens)]
    return np.cumsum(starts) - 1


def attention(length: int) -> np.ndarray:
    """Return a causal map that looks at the first token and at near ones."""
    distance = np.arange(length)[:, None] - np.arange(length)
    weights = np.where(distance >= 0, np.exp(-np.abs(distance) / 3.0), 0)
    weights[:, 0] += 1
    return weights / weights.sum(axis=1, keepdims=True)


def move_cursor(token: int | None) -> None:
    """Keep the shared cursor."""
    st.session_state.cursor = token


st.set_page_config(layout="wide")
name = st.query_params.get("text", "prose")
length = int(st.query_params.get("tokens", "8192"))
with st.container(horizontal=True):
    chosen = st.selectbox("Metric", ["entropy", "surprisal", "gap", "rank", "probability"])
    level = st.selectbox("Level", ["token", "word"])
    bits, raw, linked = st.toggle("Bits"), st.toggle("Raw"), st.toggle("Links")
    if st.button("Jump"):
        st.session_state.cursor = length - 7 if name in {"long", "unbroken"} else 7

shown = run(name, length)
spans = words(shown) if level == "word" else None
pinned = token_strip(
    shown,
    metrics(shown, bits),
    metric=chosen,
    key="strip",
    pinned=st.session_state.get("cursor"),
    level=level,
    spans=spans,
    links=attention(len(shown)) if linked else None,
    raw=raw,
    on_pin=move_cursor,
)
st.session_state.runs = st.session_state.get("runs", 0) + 1
st.text(f"pinned: {pinned}")
st.text(f"runs: {st.session_state.runs}")
