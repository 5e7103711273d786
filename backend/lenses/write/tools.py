"""Tools: what a tool's result does to the entropy, and which ways on from its peaks are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line, visible
from ...derived.tools import REACH, around, at_result, before_result
from ...runs.tools import CALL, KINDS, RESULT, TOKEN_ENTROPY, WRITTEN, ToolsRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import whole
from ..panels.places import places
from ..panels.table import Column, Table

if TYPE_CHECKING:
    from ...charts.base import Spec

MOST_ROW = 10_000


def _kind(run: ToolsRun, path: int, step: int) -> str:
    found = int(run.token_kind[path, step])
    return KINDS[found] if 0 <= found < len(KINDS) else ""


def _verdict(run: ToolsRun, path: int) -> str:
    number = int(run.calls[path])
    calls = f"{number} call{'s' * (number != 1)}"
    if not np.isfinite(run.right[path]):
        return calls
    return f"{'kept' if run.kept[path] > 0 else 'cut'}, {calls}"


def paths(run: ToolsRun, unit: str, parameters: Parameters) -> Spec:
    """Return a row a path and a cell a token: its kind by colour, its entropy by strength."""
    import altair as alt

    from ...charts.bars import named_rows
    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import value_text

    count, size = run.token_ids.shape
    cells = [(row, step) for row in range(count) for step in range(size) if _kind(run, row, step)]
    names = places(run, "J", count).labels
    rows = {
        "row": [row for row, _ in cells],
        "step": [step for _, step in cells],
        "end": [step + 1 for _, step in cells],
        "kind": [_kind(run, row, step) for row, step in cells],
        "token": [visible(run.token(row, step)) for row, step in cells],
        "entropy": [float(run.entropy[row, step]) for row, step in cells],
        "own": [step >= int(run.begins[row]) for row, step in cells],
    }
    marks = {
        "row": range(count),
        "label": names,
        "verdict": [_verdict(run, row) for row in range(count)],
        "kept": (run.kept > 0).tolist(),
    }
    chosen = np.argsort(-run.score, kind="stable")[: run.request.peaks]
    peaks = {
        "row": [0] * len(chosen),
        "at": [int(run.segment[each, 1]) for each in chosen],
        "score": [float(run.score[each]) for each in chosen],
    }
    x = alt.X(
        "step:Q", scale=alt.Scale(domain=[0, 1.12 * size], nice=False),
        axis=alt.Axis(
            title=title(
                "'token; full colour from ' + format(2 * factor, '.1f') + ' ' + unit_name + ' on'"
            ),
            grid=False, tickCount=10, format="d",
        ),
    )  # fmt: skip
    y = named_rows("row")
    tip = tooltip({
        "token": "datum.token", "kind": "datum.kind",
        "entropy": value_text(TOKEN_ENTROPY, "entropy"),
    })  # fmt: skip
    legend = alt.Legend(title=None, orient="top", columns=3)
    colour = alt.Color(
        "kind:N", legend=legend, scale=alt.Scale(domain=list(KINDS), range="category")
    )
    strength = "isValid(datum.entropy) ? 0.15 + 0.85 * min(1, datum.entropy / 2) : 0.5"
    boxes = (
        alt.Chart(POINTS)
        .transform_calculate(strength=f"(datum.own ? 1 : 0.3) * ({strength})")
        .mark_bar(tooltip=tip, cursor="pointer")
        .encode(
            x=x, x2="end:Q", y=y, color=colour,
            opacity=alt.Opacity(
                "strength:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0, 1])
            ),
        )
    )  # fmt: skip
    own = alt.Chart(alt.NamedData("paths")).encode(y=y)
    labels = own.mark_text(style="ink", align="right", fontSize=12).encode(
        x=alt.value(-6), text="label:N"
    )
    pin = (
        own.transform_filter("datum.row === cursor")
        .mark_bar(style="here", filled=False, strokeWidth=1.5)
        .encode(x=alt.value(0), x2=alt.value("width"))
    )
    verdict: dict[str, Any] = {"align": "right", "fontSize": 12}
    at_end = {"x": alt.value("width"), "text": "verdict:N"}
    kept = own.transform_filter("datum.kept").mark_text(style="came", **verdict).encode(**at_end)
    cut = own.transform_filter("!datum.kept").mark_text(style="quiet", **verdict).encode(**at_end)
    tops = (
        alt.Chart(alt.NamedData("peaks"))
        .transform_calculate(written=value_text(TOKEN_ENTROPY, "score"))
        .mark_point(
            style="here", shape="triangle-down", filled=True, size=90, opacity=1, yOffset=-12,
            tooltip=tooltip({"branched here, score": "datum.written"}),
        )
        .encode(x=alt.X("at:Q"), y=y)
    )  # fmt: skip
    sets = {"points": rows, "paths": marks, "peaks": peaks}
    note = (
        "Strong colour: unsure. Pale: repeated from the first chain. ▼: a peak, from which others "
        "go on."
    )
    return finished(
        alt.layer(boxes, labels, kept, cut, tops, pin), unit, sets, height=alt.Step(26), note=note
    )


def one_path(run: ToolsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the entropy of a path token by token; None where there is no such path."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    path = whole(parameters, "row", 0, MOST_ROW, 0)
    if path >= len(run.token_ids):
        return None
    steps = [step for step in range(run.token_ids.shape[1]) if _kind(run, path, step)]
    rows = {
        "step": steps,
        "token": [visible(run.token(path, step)) for step in steps],
        "kind": [_kind(run, path, step) for step in steps],
        "entropy": [float(run.entropy[path, step]) for step in steps],
    }
    x = alt.X(
        "step:Q", scale=alt.Scale(domain=[-0.5, max(len(steps), 2) - 0.5], nice=False),
        axis=alt.Axis(title="token", grid=False, tickCount=10, format="d"),
    )  # fmt: skip
    y = alt.Y("shown:Q", axis=alt.Axis(title=title(label_text(TOKEN_ENTROPY)), tickCount=4))
    legend = alt.Legend(title=None, orient="top", columns=3)
    colour = alt.Color(
        "kind:N", legend=legend, scale=alt.Scale(domain=list(KINDS), range="category")
    )
    tip = tooltip({
        "token": "datum.token", "kind": "datum.kind",
        "entropy": value_text(TOKEN_ENTROPY, "entropy"),
    })  # fmt: skip
    name = places(run, "J", len(run.token_ids)).labels[path]
    base = alt.Chart(POINTS).transform_calculate(shown=shown(TOKEN_ENTROPY, "entropy"))
    bars = base.mark_bar(size=7, opacity=0.85, tooltip=tip).encode(x=x, y=y, color=colour)
    given = base.transform_filter(f"datum.kind === {KINDS[RESULT]!r}")
    ground = given.mark_point(shape="square", filled=True, size=40, tooltip=tip).encode(
        x=x, y=alt.datum(0), color=colour
    )
    return finished(alt.layer(bars, ground), unit, {"points": rows}, note=f"Shown: {name}.")


def by_distance(run: ToolsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the mean entropy by distance from a result, two standard errors wide."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    values = around(run)
    known = np.isfinite(values)
    count = known.sum(0)
    if not count.any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0).sum(0) / count
        spread = (np.where(known, values - mean, 0) ** 2).sum(0) / (count - 1)
        error = 2 * np.sqrt(spread / count)
    steps = [*range(-REACH, 0), *range(1, REACH + 1)]
    along = Places(
        "tokens before (−) and behind a result", [f"{each:+d}".replace("-", "−") for each in steps],
        "place", counted=False, numbers=[float(each) for each in steps],
    )  # fmt: skip
    line = Line(
        "mean entropy", mean, TOKEN_ENTROPY, low=np.maximum(mean - error, 0), high=mean + error,
        texts=[f"{each} tokens" for each in count.tolist()],
    )  # fmt: skip
    return along_chart([line], along, unit)


def _texts(run: Any, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    names = places(run, "J", shape[0]).labels
    texts = [one_line(run.text(each), 400) or "–" for each in range(shape[0])]
    return [
        Column(name="path", label="path", values=names),
        Column(name="text", label="text", values=texts),
    ]


def jump(run: ToolsRun) -> float:
    """Return by how much the entropy behind a result lies above that before it, nats."""
    return at_result(run) - before_result(run)


def inside_calls(run: ToolsRun) -> float:
    """Return the mean entropy inside calls over that of all else that the model wrote."""
    inside, other = (run.entropy[run.token_kind == each].mean() for each in (CALL, WRITTEN))
    return float(inside / other)


def right_branches(run: ToolsRun) -> float:
    """Return the share of branches that are right."""
    return float(run.right[1:].mean())


def _example(name: str, question: str, answer: str, seed: int, title: str, note: str) -> Example:
    fields = {"question": question, "answer": answer, "seed": seed}
    return Example(f"tools_{name}", title, note, fields)


declare(
    Lens(
        kind="tools",
        title="Tools",
        summary="What a tool's result does to the entropy, and which ways on from its peaks last.",
        group="write",
        icon="calculate",
        place=40,
        figures=("before_result", "at_result", "after_result", "kept_share"),
        panels=(
            Chart(
                key="paths",
                title="Paths",
                read="A row is a path, a cell a token. Right paths with the fewest calls are kept. "
                "Click a row to see it below.",
                area="stage",
                draw=paths,
                of=("entropy", "calls", "right", "kept", "score"),
                moves="row",
            ),
            Chart(
                key="by_distance",
                title="Around results",
                read="Mean entropy before and behind a tool's result, over all results; the band "
                "is two standard errors wide.",
                draw=by_distance,
                of=("entropy",),
                missing="No tool was called: ask something that needs one.",
            ),
            Chart(
                key="one_path",
                title="One path",
                read="Entropy token by token; squares are what a tool gave.",
                draw=one_path,
                of=("entropy",),
                state=("row",),
                missing="There is no branch of this number here.",
            ),
            Map(
                title="All paths",
                read="Entropy of every token of every path; a tool's tokens have none.",
                of="entropy",
                axes=("J", "N"),
                area="timeline",
            ),
            Table(
                title="Texts",
                read="What each path says.",
                table="paths",
                axes=("J",),
                of=("kept", "right", "calls", "mean_entropy"),
                rows=_texts,
            ),
        ),
        examples=(
            _example(
                "sum",
                "How much is 23 times 19, plus 48?",
                "485",
                2,
                "A calculator",
                "The first chain adds 437 to itself and is wrong; one of nine ways on from its "
                "peaks adds 48.",
            ),
            _example(
                "people",
                "How many people live in Peru and Chile together?",
                "54",
                1,
                "A lookup",
                "It looks up both and adds them. After what it looked up it is surer, not less.",
            ),
        ),
        papers=(
            Paper(
                25,
                "Behind a tool's result the entropy jumps.",
                "panel=by_distance",
                "tools_sum",
                None,
                jump,
                0.0,
                "The paper shows a curve and no figure. Found is the first token behind a result "
                "minus the mean of the 20 before it: 0.22 nats with the calculator. With the "
                "lookup it falls by 0.09, for there the next thing to do is plain.",
            ),
            Paper(
                25,
                "It is low where a tool is called.",
                "panel=one_path",
                "tools_sum",
                None,
                inside_calls,
                0.0,
                "Found is the entropy inside calls as a share of that of all else: .34 here, .12 "
                "with the lookup. Calls repeat what stands before them in a fixed form, which "
                "alone would make them easy.",
            ),
            Paper(
                25,
                "Continuing the most uncertain segments anew finds right paths that the first "
                "chain missed.",
                "",
                "tools_sum",
                None,
                right_branches,
                0.0,
                "Found is the share of right branches, one of nine, where the first chain is "
                "wrong. The paper trains on such pairs and gains 1.4 points over the next best; "
                "nothing is trained here. All shipped paths but two that call tools have equally "
                "many calls, so that fewer calls mean less entropy is not shown.",
            ),
        ),
        guide=(
            "The model sees four solved examples and may write [calc: 12 * 7] or [look: Peru]. The "
            "calculator knows + − × ÷ and brackets, the lookup the facts under Options; what "
            "they say is put in behind the call, or an error. A tool's tokens have no entropy.",
            "The first chain is cut behind every result. A segment's score is the largest mean "
            "entropy of its first 2, 4, … 10 tokens; the three highest are continued three times "
            "from there. The authors' 10 to 50 tokens are for longer chains; see Options.",
            "Kept are right paths with the fewest calls, as the authors choose good examples. "
            "Without a right answer under Options none is kept or cut.",
        ),
    )
)
