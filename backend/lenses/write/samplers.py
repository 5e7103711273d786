"""Samplers: one prompt, many rules for drawing the next token, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...derived import number
from ...derived.feedback import target
from ...runs.base import Run
from ...runs.trajectories import TrajectoryRun
from ..base import Lens, declare
from ..panels.against import Against
from ..panels.along import AlongAxis, means_of
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.places import places
from ..panels.table import Column, Table, axis_columns
from ..panels.trajectories.rows import SamplerRows
from ..panels.trajectories.step import OneStep
from ..panels.trajectories.tree import TextTree
from ._papers import PAPERS
from ._prompts import EXAMPLES, GUIDE

if TYPE_CHECKING:
    from ...charts.base import Spec

STEPS = ("entropy", "surprisal", "final_entropy", "kept", "kept_mass", "drawn_probability", "kl")
TEXTS = (
    "tokens", "perplexity", "mean_surprisal", "target", "target_error", "mean_entropy",
    "distinct_1", "distinct_2", "repeated_4", "similarity", "ms_per_token",
)  # fmt: skip
ENDINGS = {"length": "all steps", "end": "its own end", "stop": "stop string", "stopped": "stopped"}


def feedback(run: TrajectoryRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return cut and surprise of samplers with a target; None where there is no such sampler."""
    from ...charts.along import Line, along_chart

    lines = []
    count = run.token_ids.shape[2]
    cuts, surprises = (means_of(run, number(run, name), "N", "M") for name in ("mu", "surprise"))
    for sampler, label in enumerate(run.labels):
        tau = target(run, sampler)
        if np.isnan(tau):
            continue
        cut, met = cuts[sampler], surprises[sampler]
        lines += [
            Line(f"{label}: μ", cut.values, cut.quantity, low=cut.low, high=cut.high, group=label),
            Line(f"{label}: surprise", met.values, met.quantity, "dots", group=label),
            Line(f"{label}: τ", np.full(count, tau), cut.quantity, "floor"),
        ]
    return along_chart(lines, places(run, "N", count), unit) if lines else None


def steers(run: Run) -> bool:
    """Tell whether a sampler of a run aims at a target."""
    return isinstance(run, TrajectoryRun) and any(
        not np.isnan(target(run, sampler)) for sampler in range(len(run.labels))
    )


def rows(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return sampler, seed and why the text ended."""
    ended = [ENDINGS[each] for row in run.endings for each in row]
    return [
        *axis_columns(run, axes, sizes), Column(name="ending", label="ended by", values=ended),
        Column(name="row", label="", values=range(len(ended)), hidden=True),
    ]  # fmt: skip


declare(
    Lens(
        kind="trajectories",
        title="Samplers",
        summary="What each rule for drawing the next token makes of one prompt, step by step.",
        group="write",
        family="Samplers",
        icon="alt_route",
        place=10,
        formerly=("trajectories",),
        figures=("samplers", "seeds", "longest"),
        panels=(
            SamplerRows(),
            OneStep(area="inspector"),
            TextTree(),
            AlongAxis(
                title="Curves",
                read="One line a sampler; click to move the step.",
                about="Mean and 10–90 % of the seeds of each sampler, or its seeds one by one. "
                "Samplers see different texts as soon as they part, so the lines differ by the "
                "text as well as by the rule.",
                of=STEPS,
                axis="N",
                by="M",
                over="S",
            ),
            Chart(
                key="feedback",
                title="μ against τ",
                read="Dots are the surprise of each token, the line is μ, which steers the cut; "
                "the dashed line is the target τ.",
                about="After a token more surprising than τ the cut μ sinks and fewer tokens are "
                "kept; after a dull one it rises. So the mean surprise settles near τ, whatever "
                "the text. With several seeds: their means, and the 10–90 % of μ.",
                formula=r"\mu_{t+1}=\mu_t-\eta\,(S_t-\tau)\qquad S_t=-\log_2 p_t(x_t)",
                source="Basu et al. 2021, arXiv 2007.14966.",
                missing="No sampler of this run steers by a target; mirostat does.",
                draw=feedback,
                of=("mu", "surprise"),
                moves="step",
                only=steers,
            ),
            Against(
                title="Diversity",
                read="Right: the model finds its own text harder. Up: fewer repetitions. Small k "
                "falls to the lower left (boredom), wild sampling drifts to the right "
                "(confusion).",
                about="Small dots are single texts, the large one is the mean of a sampler's "
                "seeds. Perplexity is under the raw model. Short texts repeat little, so compare "
                "texts of one length.",
                source="distinct-n: Li et al. 2016, arXiv 1510.03055. Traps: Basu et al. 2021, "
                "arXiv 2007.14966.",
                x="perplexity",
                y="distinct_2",
                axes=("M", "S"),
                spans=("x", "y"),
            ),
            Table(
                title="Measures",
                read="One row a text; click it to go to its row, or a column to sort.",
                table="steps",
                key="table_texts",
                axes=("M", "S"),
                of=TEXTS,
                rows=rows,
            ),
        ),
        papers=PAPERS,
        examples=EXAMPLES,
        guide=GUIDE,
    )
)
