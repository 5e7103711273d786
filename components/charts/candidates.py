"""What the model expected in the place of one token."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from backend.runs import TextRun

from ..figure import About
from ..plain import token_label
from .common import BLUE, GREY, ORANGE

LONGEST_TOKEN, LONGEST_IN_TOOLTIP = 10, 200
LABEL_PIXELS = 8 * (LONGEST_TOKEN + len("49,152 "))
READ, EXPECTED, OTHERS = "the token that came", "expected", "all other tokens"

CANDIDATES_ABOUT = About(
    title="Expected here (probability, %)",
    read="The orange bar is the token that came; the grey bar is everything not listed.",
    formula=r"p_i(v)=\frac{e^{z_v}}{\sum_u e^{z_u}}",
    definition="The model's own distribution over its whole vocabulary before it saw this token, "
    "without sampler or temperature.",
    source="Softmax over the whole vocabulary: Bridle 1990.",
)


def candidates_data(run: TextRun, token: int) -> dict[str, pd.DataFrame]:
    """Return the likeliest tokens, the token that came where it is not among them, and the rest.

    Probabilities are per cent and sum to 100.
    """
    ids, shares = run.top_ids[token], 100 * np.exp(run.top_logprobs[token].astype(np.float64))
    rows = [
        (rank, run.vocabulary.get(str(each), ""), float(share))
        for rank, (each, share) in enumerate(zip(ids.tolist(), shares, strict=True), start=1)
    ]
    came = int(run.token_ids[token])
    listed = came in ids.tolist()
    if not listed:
        share = 100 * float(np.exp(-run.surprisal[token]))
        rows.append((int(run.rank[token]), run.tokens[token], share))
    # By place in the list: ranks count ties together, ids do not.
    kinds = [READ if each == came else EXPECTED for each in ids.tolist()] + [READ] * (not listed)
    frame = pd.DataFrame(rows, columns=["rank", "text", "percent"])
    frame["kind"] = kinds
    frame["label"] = [f"{rank:,} {token_label(text, LONGEST_TOKEN)}" for rank, text, _ in rows]
    frame["name"] = [token_label(text, LONGEST_IN_TOOLTIP) for _, text, _ in rows]
    others = run.model.vocab_size - len(rows)
    if others > 0:
        rest = max(0.0, 100 - sum(share for _, _, share in rows))
        frame.loc[len(frame)] = [None, "", rest, OTHERS, f"{others:,} others", ""]
    frame["shown"] = [percent(each) for each in frame["percent"]]
    return {"bars": frame}


def percent(value: float) -> str:
    """Return a percentage for people: two decimals, and never 0 for what is not 0."""
    return "<0.01%" if 0 < value < 0.01 else f"{value:.2f}%"


def candidates_chart() -> alt.TopLevelMixin:
    """Return the chart over ``candidates_data``; the axis always runs from 0 to 100%."""
    y = alt.Y(
        "label:N", sort=None, title=None,
        axis=alt.Axis(labelFont="monospace", labelFontSize=13, labelAlign="left",
            labelPadding=LABEL_PIXELS, labelLimit=LABEL_PIXELS, ticks=False, domain=False),
    )  # fmt: skip
    x = alt.X("percent:Q", title="probability (%)", scale=alt.Scale(domain=[0, 100]))
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[READ, EXPECTED, OTHERS], range=[ORANGE, BLUE, GREY]),
        legend=None,
    )
    base = alt.Chart(alt.NamedData("bars")).encode(
        y=y,
        tooltip=[
            alt.Tooltip("kind:N", title="what"),
            alt.Tooltip("name:N", title="token"),
            alt.Tooltip("rank:Q", format=",d"),
            alt.Tooltip("shown:N", title="probability"),
        ],
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(x=x, color=colour)
    # Beside short bars, inside long ones, so that the number always has room.
    outside = base.transform_filter("datum.percent < 80").mark_text(
        align="left", dx=5, color=GREY, fontSize=12
    )
    inside = base.transform_filter("datum.percent >= 80").mark_text(
        align="right", dx=-5, color="#10151C", fontSize=12
    )
    return alt.layer(
        bars, outside.encode(x=x, text="shown:N"), inside.encode(x=x, text="shown:N")
    ).properties(height=alt.Step(24))
