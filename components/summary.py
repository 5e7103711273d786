"""A text run in a few figures, and the model it was made with."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from backend.derived import series
from backend.runs import ModelFacts, TextRun

from .plain import escape_markdown


def summary_figures(run: TextRun, unit: str) -> None:
    """Draw the figures of the whole text in one row that wraps."""
    whole = series.summarise(run)
    mean = float(series.to_unit(whole.mean_entropy, unit))  # type: ignore[arg-type]
    figures = [
        ("Tokens", f"{whole.tokens:,}", f"{whole.scored:,} of them have a prediction."),
        (f"Mean entropy ({unit})", _number(mean), "Average over the scored tokens."),
        (
            "Perplexity",
            _number(whole.perplexity),
            "exp(mean surprisal): what the text was worth, not what the model expected.",
        ),
        (
            "Bits per character",
            _number(whole.bits_per_character),
            "Total surprisal over the characters: the size of the text, had the model packed it.",
        ),
        (
            "Bits per byte",
            _number(whole.bits_per_byte),
            "The same over UTF-8 bytes; comparable between tokenizers.",
        ),
        (
            "First choice",
            "–" if math.isnan(whole.top1_share) else f"{whole.top1_share:.0%}",
            "Share of the tokens that were the model's first choice.",
        ),
        (
            "Time",
            f"{run.seconds:.2f} s",
            "For reading and measuring the text, without loading the model.",
        ),
        (
            "Tokens/s",
            _pace(whole.tokens_per_second),
            "Tokens per second of that time; a short text does not show what the model can do.",
        ),
    ]
    with st.container(horizontal=True, gap="medium", key="summary"):
        for label, value, help_text in figures:
            st.metric(label, value, help=help_text, width="content")


def model_line(facts: ModelFacts) -> str:
    """Return the model in one line, safe for Markdown."""
    parts = [facts.name, facts.weights, f"{facts.dtype} on {facts.device}"]
    return escape_markdown(" · ".join(parts))


def model_card(run: TextRun) -> None:
    """Draw what the model is and how the run was made."""
    facts = run.model
    rows = {
        "Model": facts.name,
        "Source": facts.source,
        "Revision": facts.revision or "–",
        "Weights": facts.weights,
        "Architecture": facts.architecture,
        "Parameters": f"{facts.parameters / 1e6:,.1f} million",
        "Layers": f"{facts.layers}",
        "Heads": f"{facts.heads} ({facts.kv_heads} for keys and values)",
        "Hidden size": f"{facts.hidden_size:,}",
        "Vocabulary": f"{facts.vocab_size:,} tokens",
        "Context": "no fixed limit" if facts.context is None else f"{facts.context:,} tokens",
        "Computed in": f"{facts.dtype} on {facts.device}",
        "Memory of the weights": f"{facts.memory_bytes / 1e6:,.0f} MB",
        "Made": f"{run.created} in {run.seconds:.2f} s",
        "With": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
        **_how(run),
    }
    frame = pd.DataFrame(
        {
            "fact": list(rows),
            "value": [escape_markdown(value) for value in rows.values()],
        }
    )
    st.table(frame, border="horizontal", hide_index=True, hide_header=True)


def _how(run: TextRun) -> dict[str, str]:
    asked = run.request
    overlap = "half the context" if asked.window_overlap is None else f"{asked.window_overlap:,}"
    return {
        "Begins with BOS": "yes" if asked.add_bos else "no",
        "As a chat message": "yes" if asked.chat else "no",
        "Special tokens": "text" if asked.special_tokens == "text" else "control tokens",
        "Long text": "refused"
        if asked.long_text == "refuse"
        else f"windows, at least {overlap} tokens of context",
        "Top tokens kept": f"{asked.top_k}",
    }


def _pace(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "∞" if math.isinf(value) else f"{value:,.2f}"
