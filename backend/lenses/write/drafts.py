"""Drafts: early exits of a model write ahead, the whole model keeps or replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...derived import number
from ...derived.drafts import PACE, along, kept_by_entropy
from ...runs.drafts import EXIT_ENTROPY, EXTRA, KEPT, LENSES, OVERLAP, DraftsRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of, whole
from ..panels.picture import Choice
from ..panels.table import Table
from ._relay import Relay, row_of

if TYPE_CHECKING:
    from ...charts.base import Spec

READER = Choice("reader", "Reader", dict(zip(LENSES, ("by a linear map", "as it is"), strict=True)))
LONGEST_DRAFT = 8


def first(run: DraftsRun) -> int:
    """Return the text in the middle, where exits differ."""
    return len(run.names) // 2


def kinds(run: DraftsRun) -> tuple[list[str], np.ndarray]:
    """Return what became of each token: the exit whose draft was kept, replaced or extra."""
    exits = len(run.exits)
    names = [*_layers(run), "replaced", "extra"]
    other = exits + (run.outcome == EXTRA)
    return names, np.where(run.outcome == KEPT, run.exit, other).astype(np.int32)


def text(run: DraftsRun) -> list[list[str]]:
    """Return the tokens of every text."""
    counts = (run.token_ids >= 0).sum(1).tolist()
    return [[run.token(row, step) for step in range(many)] for row, many in enumerate(counts)]


def _reader(parameters: Parameters) -> str:
    return one_of(parameters, "reader", LENSES)


def _layers(run: DraftsRun) -> list[str]:
    return [f"layer {each}" for each in run.exits.tolist()]


def against(run: DraftsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the chance to be kept over the draft's entropy, a dot an exit and token."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text
    from ...charts.words import visible

    row, reader = row_of(run, parameters, first(run)), _reader(parameters)
    tokens, names = text(run)[row], _layers(run)
    if not tokens:
        return None
    many, exits = len(tokens), len(names)
    entropy, alpha = run.read_by(reader)
    taken = np.where(run.exit[row, :many] >= 0, run.exit[row, :many], exits - 1)
    columns = {
        "step": list(range(many)) * exits,
        "text": [visible(each) for each in tokens] * exits,
        "exit": [each for each in names for _ in range(many)],
        "entropy": entropy[row, :, :many].ravel(),
        "alpha": alpha[row, :, :many].ravel(),
        "taken": [bool(each == at) for at in range(exits) for each in taken],
    }
    base = alt.Chart(POINTS).transform_calculate(
        x=shown(EXIT_ENTROPY, "entropy"), y=shown(OVERLAP, "alpha")
    )
    axis = alt.Axis(title=title(label_text(EXIT_ENTROPY)), grid=False, tickCount=8)
    x = alt.X("x:Q", axis=axis, scale=alt.Scale(domainMin=0, nice=False))
    y = alt.Y(
        "y:Q",
        axis=alt.Axis(title=title(label_text(OVERLAP)), tickCount=5),
        scale=alt.Scale(domain=[0, 100], nice=False),
    )
    legend = alt.Legend(title=None, orient="top")
    colour = alt.Color(
        "exit:N", scale=alt.Scale(range="category", domain=names), legend=legend
    )  # fmt: skip
    tip = tooltip(
        {
            "token": "datum.step + ' ' + datum.text",
            "exit": "datum.exit",
            "entropy": value_text(EXIT_ENTROPY, "entropy"),
            "chance to be kept": value_text(OVERLAP, "alpha"),
        }
    )
    dots = base.mark_point(filled=True, size=45, opacity=0.75, tooltip=tip).encode(
        x=x, y=y, color=colour
    )
    pin = base.transform_filter("datum.step === cursor && datum.taken").mark_point(
        style="here", size=220, strokeWidth=2
    ).encode(x=x, y=y)  # fmt: skip
    found = [kept_by_entropy(run, reader, each) for each in range(exits)]
    goes = ", ".join(
        f"{name} {each:+.2f}".replace("-", "−")
        for name, each in zip(names, found, strict=True)
        if np.isfinite(each)
    )
    note = f"Correlation over all texts: {goes}." if goes else ""
    return finished(alt.layer(dots, pin), unit, {"points": columns}, note=note)


def lengths(run: DraftsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the tokens of a pass over the drafts of a pass, a line an exit."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text

    reader = _reader(parameters)
    rows: list[tuple[str, int, float, float]] = []
    for at, name in enumerate(_layers(run)):
        for drafted in range(1, LONGEST_DRAFT + 1):
            seen, alike = along(run, reader, at, drafted)
            if np.isfinite(seen):
                rows.append((name, drafted, seen, alike))
    if not rows:
        return None
    exit, drafted, seen, alike = zip(*rows, strict=True)
    columns = {"exit": exit, "drafted": drafted, "seen": seen, "alike": alike}
    base = alt.Chart(POINTS)
    axis = alt.Axis(title="drafts before the whole model looks", grid=False, tickMinStep=1)
    x = alt.X("drafted:Q", axis=axis, scale=alt.Scale(domain=[0.7, LONGEST_DRAFT + 0.3]))
    y = alt.Y(
        "seen:Q",
        axis=alt.Axis(title=title(label_text(PACE)), tickCount=5),
        scale=alt.Scale(domainMin=1, zero=False),
    )
    legend = alt.Legend(title=None, orient="top")
    colour = alt.Color(
        "exit:N", scale=alt.Scale(range="category", domain=_layers(run)), legend=legend
    )  # fmt: skip
    tip = tooltip(
        {
            "exit": "datum.exit",
            "drafts": "datum.drafted",
            "tokens a pass": "format(datum.seen, '.2f')",
            "were α constant": "format(datum.alike, '.2f')",
        }
    )
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour)
    dots = base.mark_point(filled=True, size=50, opacity=1, tooltip=tip).encode(
        x=x, y=y, color=colour
    )
    dashed = base.mark_line(strokeWidth=1.5, strokeDash=[5, 4]).encode(
        x=x, y="alike:Q", color=colour
    )
    note = "Dashed: were every draft's chance the mean one. No time is in this; see Thresholds."
    return finished(alt.layer(dashed, line, dots), unit, {"points": columns}, note=note)


def at_token(run: DraftsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return p and q of the likeliest tokens: what they share, what is rejected, what is left."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip
    from ...charts.words import numbered

    row = row_of(run, parameters, first(run))
    many = int((run.token_ids[row] >= 0).sum())
    if not many:
        return None
    replaced = np.flatnonzero(run.outcome[row, :many] == 1)
    step = whole(parameters, "step", 0, 10**8, int(replaced[0]) if len(replaced) else 0)
    step = step if step < many else 0
    ids = run.top_ids[row, step]
    held = ids >= 0
    p, q, off = (each[row, step][held] for each in (run.top_p, run.top_q, run.top_biased))
    names = [numbered(i + 1, run.shown(each)) for i, each in enumerate(ids[held].tolist())]
    parts = {
        "shared: drafted and kept": np.minimum(p, q),
        "draft only: rejected": np.clip(q - p, 0, None),
        "whole model only: drawn after a rejection": np.clip(p - q, 0, None),
    }
    columns = {
        "name": names * len(parts),
        "part": [part for part in parts for _ in names],
        "order": [place for place, _ in enumerate(parts) for _ in names],
        "value": np.concatenate([100 * each for each in parts.values()]),
        "p": np.tile(p, len(parts)),
        "q": np.tile(q, len(parts)),
        "off": np.tile(100 * off, len(parts)),
    }
    base = alt.Chart(POINTS)
    y = alt.Y("name:N", sort=names, axis=alt.Axis(title=None, labelLimit=140, ticks=False))
    x = alt.X(
        "value:Q",
        axis=alt.Axis(title="probability (%)", tickCount=5),
        scale=alt.Scale(domainMin=0),
    )
    tip = tooltip(
        {
            "token": "datum.name",
            "whole model p": "format(datum.p, '.1%')",
            "draft q": "format(datum.q, '.1%')",
            "tested wrongly": "format(datum.off / 100, '.1%')",
        }
    )
    bars = base.mark_bar(tooltip=tip).encode(
        x=x,
        y=y,
        order="order:Q",
        color=alt.Color(
            "part:N",
            scale=alt.Scale(range="category", domain=list(parts)),
            legend=alt.Legend(title=None, orient="top", labelLimit=320),
        ),
    )
    wrong = base.mark_tick(style="ink", thickness=2, tooltip=tip).encode(x="off:Q", y=y)
    return finished(
        alt.layer(bars, wrong), unit, {"points": columns}, note=_story(run, row, step)
    )  # fmt: skip


def _story(run: DraftsRun, row: int, step: int) -> str:
    from ...charts.words import visible

    came = visible(run.token(row, step))
    exit = int(run.exit[row, step])
    if not 0 <= exit < len(run.exits):
        return f"Step {step}: {came} came from the whole model, all drafts before it kept."
    alpha = float(run.read_by(run.request.reader)[1][row, exit, step])
    drafted = visible(run.shown(int(run.draft_ids[row, step])))
    kept = run.outcome[row, step] == KEPT
    ending = "kept" if kept else f"replaced by {came}"
    return (
        f"Step {step}: layer {run.exits[exit]} drafted {drafted}, α = {alpha:.0%}, {ending}. "
        f"Ticks: likeliest token drafted, tested wrongly."
    )


def _gain(run: DraftsRun) -> float:
    """Return how much more of the last exit's drafts are kept once its state is mapped."""
    linear, logit = (
        np.nanmean(each[:, -1].astype(np.float64)) for each in (run.alpha, run.raw_alpha)
    )
    return float(linear - logit)


def _fair(run: DraftsRun) -> float:
    """Return the share of all drafts kept, less the share that should be."""
    drafted = run.exit >= 0
    kept = (run.outcome[drafted] == KEPT).mean()
    return float(kept - np.nanmean(number(run, "draft_alpha").values.astype(np.float64)))


def _example(name: str, title: str, note: str, **fields: Any) -> Example:
    given = {"prompt": "Once upon a time there was a little fox who", **fields}
    return Example(f"drafts_{name}", title, note, given)


declare(
    Lens(
        kind="drafts",
        title="Drafts",
        summary="Early exits of a model write ahead; the whole model keeps or replaces.",
        group="write",
        family="Two models",
        icon="edit_note",
        place=41,
        figures=("best",),
        panels=(
            Relay(
                title="Whose draft was kept",
                read="Colour: the layer whose draft was kept; else the whole model's own token.",
                about="A draft x of the exit's distribution q is kept with probability "
                "min(1, p(x) / q(x)); after a rejection the token is drawn from what p has more "
                "than q. The text then is a sample of the whole model, whatever the exit, as long "
                "as the exit is chosen before the token is drawn. Whole model and exits read "
                "every token here, so that all of them are known; a system that saves work reads "
                "a draft's layers only, and the rest for all drafts at once.",
                of=("draft_entropy", "draft_alpha", "biased"),
                kinds=kinds,
                text=text,
                slider="Threshold",
                first=first,
            ),
            Chart(
                key="entropy",
                title="Acceptance and entropy",
                read="A dot: one exit at one token. Right: unsure. High: likely to be kept.",
                draw=against,
                of=("entropy", "alpha"),
                state=("row",),
                controls=(READER,),
                moves="step",
            ),
            Chart(
                key="token",
                title="One token",
                read="Click a token: what draft and whole model share is kept.",
                draw=at_token,
                of=("alpha", "biased"),
                state=("row", "step"),
            ),
            Chart(
                key="lengths",
                title="Length of drafts",
                read="Each further draft counts only if all before it were kept.",
                draw=lengths,
                of=("pace", "alpha"),
                controls=(READER,),
            ),
            Table(
                title="Thresholds",
                read="Kept and expected agree but for luck. Below 1 × drafting costs time.",
                table="thresholds",
                axes=("Q",),
                of=("depth", "kept", "expected", "pace", "speed", "bias"),
            ),
        ),
        examples=(
            _example(
                "fox",
                "A little fox, drafted by layers 10, 20 and 27",
                "The later the exit, the more of its drafts are kept. No threshold saves time "
                "here: see Thresholds.",
            ),
            _example(
                "greedy",
                "The same at temperature 0",
                "Whatever drafts, the text is the one that the whole model writes alone.",
                temperature=0.0,
                longest=24,
            ),
        ),
        papers=(
            Paper(
                35,
                "Drafts change nothing in the text: it stays a sample of the whole model.",
                "panel=table_thresholds",
                "drafts_fox",
                0.0,
                _fair,
                0.1,
                "Found is the share of drafts kept, less the share that exact sampling keeps; "
                "over some 140 drafts luck makes ±0.08 of it.",
            ),
            Paper(
                35,
                "An unsure draft is kept less often.",
                "panel=entropy",
                "drafts_fox",
                -0.57,
                lambda run: kept_by_entropy(run, LENSES[0], len(run.exits) - 1),
                0.2,
                "Found is the correlation of entropy and α at layer 27; −0.57 was measured on "
                "other texts of this model. Entropy says when to stop drafting, not why.",
            ),
            Paper(
                35,
                "Exits that were never trained to draft are poor: they have to be sorted.",
                "panel=lengths",
                "drafts_fox",
                0.18,
                _gain,
                0.15,
                "Found is the α that a linear map fitted in seconds adds at layer 27; it stands "
                "in for the paper's training of nested exits, which is not done here.",
            ),
            Paper(
                35,
                "Nested drafts write 1.55 times as fast as the target alone.",
                "panel=table_thresholds",
                "drafts_fox",
                None,
                lambda run: float(number(run, "best").values),
                0.0,
                "It fails here: found is below 1, so drafting takes longer. This model is small, "
                "its head costs as much as five layers, and no exit was trained; the paper "
                "drafts for models of 7 to 70 billion parameters.",
            ),
        ),
        guide=(
            "Switch the reader in Acceptance and entropy: read as they are, early layers are sure "
            "and wrong, and entropy says little; mapped, they know when they do not know.",
            "No time is saved here, and none is promised. Times as fast is made from times "
            "measured in the run, on a machine that may have had other work.",
            "At temperature 0 every threshold writes the same text; above it each text is a "
            "sample of its own from the same model.",
        ),
    )
)
