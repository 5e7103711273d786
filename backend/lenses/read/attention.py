"""Attention: where every head looked, and how widely."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from ...derived import quantity_of
from ...derived.heads import Scale, flag_heads
from ...runs.attention import AttentionRun
from ..base import Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.head import HeadCurve, HeadRows, HeadStrip
from ..panels.heads import LOWER, SCALES, UPPER, HeadGrid, HeadKinds, head_means, hidden_first
from ..panels.parameters import one_of, queries_of
from ..panels.pattern import Pattern
from ..panels.table import Table
from ._head_words import GRID, KINDS, PATTERN, ROWS
from ._papers import ATTENTION as PAPERS
from ._texts import examples

if TYPE_CHECKING:
    from ...charts.base import Spec

_GUIDED = "Entropy-Guided Attention, arXiv 2501.03489, §3."


def depth(run: AttentionRun, unit: str, parameters: Parameters) -> Spec:
    """Return the mean entropy of every head over its layer."""
    from ...charts.head_layers import depth_chart

    hide = hidden_first(parameters)
    means = head_means(run, queries_of(run, parameters), hide=hide)["entropy"]
    name = "rest_entropy" if hide else "head_entropy"
    return depth_chart(means, quantity_of(run, name), unit)


def flags(run: AttentionRun, unit: str, parameters: Parameters) -> Spec:
    """Return the number of flagged heads by layer."""
    from ...charts.head_layers import flags_chart

    values, one = _judged(run, parameters)
    return flags_chart(values, unit, {"one": one, "upper": UPPER, "lower": LOWER})


def quarters(run: AttentionRun, unit: str, parameters: Parameters) -> Spec:
    """Return the number of heads in every quarter of the entropy range by layer."""
    from ...charts.head_layers import quarters_chart

    values, one = _judged(run, parameters)
    return quarters_chart(values, unit, {"one": one})


def _judged(run: AttentionRun, parameters: Parameters) -> tuple[np.ndarray, float]:
    """Return the mean entropy of heads that can be judged, [L, H], and what counts as 1; nats."""
    queries = queries_of(run, parameters)
    scale = cast(Scale, one_of(parameters, "scale", tuple(SCALES)))
    found = flag_heads(run, positions=np.arange(queries.start, queries.stop), scale=scale)
    means = head_means(run, queries, hide=False)["entropy"]
    return np.where(np.isnan(found.share), np.nan, means), found.scale


declare(
    Lens(
        kind="attention",
        title="Attention",
        summary="Where every head looked from every token, and how widely.",
        group="read",
        icon="visibility",
        place=20,
        figures=("mean_entropy", "mean_share", "overloaded", "collapsed"),
        panels=(
            HeadStrip(
                title="The text, by the chosen head",
                read="Colour on a token is about its own look back: how widely this head spread "
                "its weight over the tokens up to it. Point at a token: what it looked at lights "
                "up.",
            ),
            HeadGrid(
                title="Heads",
                read="Each field is a head; bright heads look widely, dark ones at few tokens. "
                "Click one to see what it does.",
                words=GRID,
            ),
            HeadRows(
                title="The chosen head",
                read="The numbers of the pinned token as a query, then means over the chosen "
                "tokens.",
                about="Weights and distances are means over the chosen tokens. What followed last "
                "time is the token after the last earlier occurrence of the same token, over the "
                "tokens that have one. Least its scores allow is the entropy bound of σReparam "
                "for the row with the lowest entropy, from the spread of that row's own scores. σ "
                "says how strongly the weights alone can score: the largest singular value of the "
                "product of key and query weights, times the scale of the scores. Biases are left "
                "out. Rotary positions turn the product by the distance of the two tokens; σ is "
                "then that of distance 0.",
                formula=r"\begin{gathered}H_i=-\sum_{j\le i}p_{ij}\ln p_{ij}\\"
                r"d_i=i-\sum_j p_{ij}\,j\\\sigma=\lVert W_K W_Q^\top\rVert_2\cdot\mathrm{scale}"
                r"\end{gathered}",
                source="Entropy, bound and σ: σReparam, arXiv 2303.06296. What followed last "
                "time: induction heads, arXiv 2209.11895.",
                words=ROWS,
            ),
            Pattern(
                title="Pattern",
                read=PATTERN["whole"],
                about="Computed by the model when asked for, exact. Grey: what a token does not "
                "see. Colours follow the square root of the weight, so that small weights show; "
                "numbers are weights.",
                formula=r"p_{ij}=\mathrm{softmax}_{j\le i}\bigl(q_i\cdot k_j\cdot\mathrm{scale}"
                r"\bigr)",
                source="Scaled dot-product attention: Vaswani and others, 2017, arXiv 1706.03762.",
                words=PATTERN,
            ),
            HeadCurve(
                title="Curve",
                read="Each token as a query: high where the head looks widely. Click to pin a "
                "token.",
                about="Entropy of the weights over the tokens it sees. The dotted line is the "
                "most it could be: ln of their number, when all are looked at alike. The dashed "
                "line is the least that the spread of each row's own scores allows; it holds for "
                "all weights together, so it is not there while the first token is hidden.",
            ),
            Chart(
                key="depth",
                title="By layer",
                read="Dots are heads, the line their mean, the band one standard deviation. Click "
                "a dot to choose its head.",
                about="Mean of the heads' entropies, which is not the entropy of their averaged "
                "weights. Heads of one layer can differ as much as layers do.",
                formula=r"\bar H^{(l)}=\frac1{n_h}\sum_h H^{(l,h)}",
                source=f"Entropy of heads along depth: {_GUIDED}",
                draw=depth,
                of=("head_entropy",),
                state=("positions", "first"),
                moves="head",
            ),
            Chart(
                key="flags",
                title="Flags by layer",
                read="Upward: ▲ heads that look almost everywhere. Downward: ▼ heads that look at "
                "almost nothing but one token. The thresholds are under Flags.",
                about="Heads are counted by the mean entropy of all their weights, against the "
                "entropy that counts as 1. Heads without a pattern, or without a choice of "
                "tokens, are neither.",
                formula=r"\begin{gathered}▲:\;\bar H^{(l,h)}\ge u\,H_{\max}\\"
                r"▼:\;\bar H^{(l,h)}\le l\,H_{\max}\end{gathered}",
                source=f"Entropic overload and entropy collapse: {_GUIDED} The threshold of "
                "collapse is ours.",
                draw=flags,
                of=("overloaded", "collapsed"),
                state=("positions", "scale"),
                more={"upper": UPPER, "lower": LOWER},
            ),
            Chart(
                key="quarters",
                title="Quarters by layer",
                read="Each bar is a layer. Many heads in the top quarter: entropic overload; in "
                "the lowest, near zero and in deep layers: entropy collapse.",
                about="The range from 0 to 1 is the mean entropy of a head, of all its weights, "
                "over the entropy that counts as 1 (Flags). In a healthy model about 90 % of "
                "heads lie in the middle two quarters, says the paper of GPT-2 trained with layer "
                "norm and GELU.",
                formula=r"q^{(l,h)}=\min\Bigl(3,\Bigl\lfloor 4\,\frac{\bar H^{(l,h)}}{H_{\max}}"
                r"\Bigr\rfloor\Bigr)",
                source=_GUIDED,
                draw=quarters,
                of=("head_entropy",),
                state=("positions", "scale"),
            ),
            HeadKinds(
                title="Kinds",
                read="Low entropy: the head looks at few tokens. High entropy: it takes in all it "
                "sees. Each kind names its clearest head in this text.",
                kinds=KINDS,
            ),
            Table(
                title="Table",
                read="One row a head: means over the text. Click a column to sort.",
                table="heads",
                axes=("L", "H"),
                of=("head_entropy", "spectral_norm"),
                heat=True,
                empty="No head fits.",
            ),
        ),
        papers=PAPERS,
        examples=examples(
            "attention",
            "Most heads rest on the first token, the sink; a few look where this text repeats "
            "itself, at the token before, or at all they see.",
            {
                "fact": "Most heads rest on the first token, the sink; the first layers spread "
                "widely.",
                "repeated": "From the second round on, induction heads look at what followed the "
                "same word before.",
                "code": "Heads that look at the token before stand beside heads that look far "
                "back, to where a name was last used.",
            },
        ),
        guide=(
            "A head's entropy says how widely it looks: 0 for one token, ln(visible tokens) for "
            "all alike. Tokens near the start see little, so compare shares of the maximum there.",
            "Choose a head in the grid, then a token in the text: what it looked at lights up.",
        ),
    )
)
