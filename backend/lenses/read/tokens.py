"""Tokens: how unsure the model was at every token of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived import names_of
from ...runs.base import Run
from ...runs.text import TextRun
from ..base import Lens, declare
from ..panels.against import Against
from ..panels.along import Along
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.expected import Expected, most_surprising
from ..panels.parameters import whole
from ..panels.spread import Spread
from ..panels.strip import Strip
from ..panels.table import Table
from ._lesson_texts import LESSON_TEXTS
from ._papers import TOKENS
from ._texts import examples

if TYPE_CHECKING:
    from ...charts.base import Spec

ORDER = (
    "entropy", "surprisal", "gap", "varentropy", "probability", "rank", "window_entropy",
    "effective_choices", "normalised_entropy",
)  # fmt: skip
LAST = ("peak_entropy", "gap_walk", "gap_band")
"""What says little about one token."""

NUMBERS = (*ORDER, *(name for name in names_of(TextRun, ("T",)) if name not in (*ORDER, *LAST)))
COLOURS = (*NUMBERS, "peak_entropy")


def has_curves(run: Run) -> bool:
    """Tell whether a run was made with Options › Cumulative curves."""
    return isinstance(run, TextRun) and run.curve_counts is not None


def cumulative(run: TextRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the cumulative distribution of one token; None where the run holds no curves."""
    from ...charts.cumulative import cumulative_chart

    token = whole(parameters, "token", 0, len(run) - 1, most_surprising(run))
    if run.curve_counts is None or run.curve_mass is None or not np.isfinite(run.entropy[token]):
        return None
    top = np.exp(run.top_logprobs[token].astype(np.float64)).cumsum()
    counts, first = np.unique(run.curve_counts[token], return_index=True)
    beyond = counts > len(top)
    ranks = np.concatenate([np.arange(1, len(top) + 1), counts[beyond]])
    shares = np.concatenate([top, run.curve_mass[token][first[beyond]]])
    return cumulative_chart(ranks, shares, float(run.rank[token]), run.model.vocab_size, unit)


declare(
    Lens(
        kind="text",
        title="Tokens",
        summary="How unsure the model was at every token of a text, and how surprised.",
        group="read",
        family="Tokens",
        icon="format_ink_highlighter",
        place=10,
        figures=(
            "mean_choices", "perplexity", "first_choice", "mean_entropy", "mean_surprisal",
            "bits_per_character", "bits_per_byte", "gap_z",
        ),
        panels=(
            Strip(
                title="The text, token by token",
                read="Colour on a token is about the distribution that predicted it: the more "
                "colour, the higher the number. Point at a token for what was expected.",
                colours=COLOURS,
            ),
            Expected(
                title="Expected here (probability, %)",
                read="The marked bar is the token that came; the grey bar is everything not "
                "listed.",
                about="The model's own distribution over its whole vocabulary before it saw this "
                "token, without sampler or temperature.",
                formula=r"p_i(v)=\frac{e^{z_v}}{\sum_u e^{z_u}}",
                source="Softmax over the whole vocabulary: Bridle 1990.",
                of=NUMBERS,
                first=("entropy", "surprisal", "rank"),
                unpredicted="The first token has nothing before it, so the model made no "
                "prediction for it. Where the model has a beginning-of-sequence token, Options › "
                "Begin with BOS gives it one.",
                distribution="cumulative",
            ),
            Chart(
                key="cumulative",
                area="inspector",
                title="Held by the likeliest n (%)",
                read="A steep start is a sure model; the rule is the rank of the token that came.",
                about="The tokens are ordered from the likeliest on; ranks are on a logarithmic "
                "axis. The curve is exact where it has a point: at each of the stored top tokens, "
                "then at every whole nat of surprisal.",
                formula=r"C(n)=\sum_{r\le n} p_{(r)}",
                source="The mass that top-p cuts by: Holtzman et al. 2020, arXiv 1904.09751.",
                missing="Nothing predicts this token.",
                draw=cumulative,
                only=has_curves,
                of=("probability", "rank"),
                state=("token",),
            ),
            Along(
                title="Curve",
                read="Dots above the line: more surprising than the model expected. Click to pin "
                "a token.",
                about="Both are about the model's own distribution over the whole vocabulary "
                "before it saw a token, without sampler or temperature. The thick line is the "
                "window entropy, the mean of this token and those after it: it says what begins "
                "here.",
                of=("entropy", "surprisal"),
                dots=("surprisal",),
                window="entropy",
            ),
            Along(
                title="Gap",
                read="Inside the band: as surprising as text drawn from the model itself. Above "
                "it: harder than that; below: more predictable.",
                of=("gap_walk",),
                bands={"gap_walk": "gap_band"},
            ),
            Spread(
                title="Histogram",
                read="Each bar counts tokens; the first and last also hold what lies beyond the "
                "axis. The dashed line marks the mean; an infinite one is not drawn.",
                about="Counted are the n tokens that have a number. The axis is fixed unless "
                "colours span this text, so that texts can be compared.",
                formula=r"\bar x=\frac1n\sum_i x_i",
                of=("entropy", "surprisal", "gap", "varentropy"),
            ),
            Against(
                title="Scatter",
                read="Left: sure. Right and low: many equals. High: a favourite against a long "
                "tail. Click to pin a token.",
                source="Plane as in entropix.",
                x="entropy",
                y="varentropy",
                colour="surprisal",
            ),
            Table(
                title="Table",
                read="One row a token; click a column to sort, a row to pin its token.",
                about="Row i describes the model's own distribution over its whole vocabulary "
                "before it saw token i, without sampler or temperature. CSV and JSON hold the "
                "tokens as they are, without the signs that make blanks visible here.",
                table="tokens",
                axes=("T",),
                of=NUMBERS,
                levels=True,
                empty="No token contains this.",
            ),
        ),
        guide=(
            "How unsure: entropy is 0 where the model knew what comes, and ln of the number of "
            "choices where it wavers between equals.",
            "How surprised: a surprising token in a place of low entropy is where model and text "
            "disagree; in a place of high entropy it is only chance.",
        ),
        papers=TOKENS,
        examples=(*examples("text", curve=True), *LESSON_TEXTS),
    )
)  # fmt: skip
