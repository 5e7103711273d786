"""Charts of flow: from sentences to words as bands of width, and the running sum of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line, visible
from ...derived import number
from ...derived.flow import FLOW
from ...runs.flow import FlowRun
from ..panels.base import Parameters
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places

if TYPE_CHECKING:
    from ...charts.base import Spec

WAY = Choice("way", "Width", {"step": "added in order", "only": "lost without it"})
COLOUR = Choice("colour", "Colour", dict.fromkeys(("flow", "expected", "whole", "alone"), ""))
LEAST = 0.25
"""Nats a band is for at least."""
SENTENCES, WORDS = 15, 12
"""Those that have a place of their own; all others share one."""
HELPS, MISLEADS = "makes the word likelier", "makes it less likely"
BAR, STEPS, FREE = 0.02, 14, 0.6
"""Half a bar, points of a band, share of free space."""
NUMBER, LINE = 72, 13
"""Pixels of a number across, and of a line of text down."""
LONGEST = 70


def words_of(tokens: list[str]) -> list[list[int]]:
    """Return the tokens of every word: one begins behind a blank."""
    words: list[list[int]] = []
    for place, token in enumerate(tokens):
        if not words or token[:1].isspace():
            words.append([])
        words[-1].append(place)
    return words


def bands(run: FlowRun, unit: str, parameters: Parameters) -> Spec:
    """Return sentences on the left, words on the right, and the flow between them."""
    import altair as alt

    from ...charts.base import finished, tooltip
    from ...charts.scales import value_text

    way = one_of(parameters, "way", tuple(WAY.values))
    words = words_of(run.tokens)
    by_token = np.nan_to_num(number(run, way).values.astype(np.float64), posinf=0, neginf=0)
    flows = np.stack([by_token[:, each].sum(1) for each in words], axis=1)
    names = [visible("".join(run.tokens[i] for i in each).strip(), 24) for each in words]
    sentences = [one_line(each, LONGEST) for each in places(run, "J", len(flows)).labels]
    flows, names, own = _busiest(flows, names, WORDS, "all other words")
    firsts = [words[each][0] if each >= 0 else None for each in own]
    turned, sentences, _ = _busiest(flows.T, sentences, SENTENCES, "all other sentences")
    flows = turned.T

    drawn = np.where(np.abs(flows) >= LEAST, flows, 0)
    whole = float(np.abs(drawn).sum()) or 1.0
    left, right = (_stacked(np.abs(drawn).sum(axis) / whole) for axis in (1, 0))
    band: dict[str, list[Any]] = {
        name: [] for name in ("x", "low", "high", "of", "kind", "sentence", "word", "flow", "token")
    }
    begun, ended = [each[0] for each in left], [each[0] for each in right]
    for j, i in np.argwhere(drawn != 0).tolist():
        width = abs(float(drawn[j, i])) / whole * (1 - FREE)
        for step in range(STEPS + 1):
            t = step / STEPS
            smooth = t * t * (3 - 2 * t)
            low = (1 - smooth) * begun[j] + smooth * ended[i]
            row = (
                BAR + t * (1 - 2 * BAR), low, low + width, f"{j} {i}",
                HELPS if drawn[j, i] > 0 else MISLEADS, sentences[j], names[i],
                float(flows[j, i]), firsts[i],
            )  # fmt: skip
            for key, value in zip(band, row, strict=True):
                band[key].append(value)
        begun[j] += width
        ended[i] += width
    nodes: dict[str, list[Any]] = {
        name: []
        for name in ("x", "end", "low", "high", "middle", "clear", "side", "name", "flow", "token")
    }
    sides = (
        ("left", 0, sentences, left, flows.sum(1), [None] * len(sentences)),
        ("right", 1, names, right, flows.sum(0), firsts),
    )
    for side, at, labels, ends, sums, tokens in sides:
        middles = np.array([(low + high) / 2 for low, high in ends])
        clear = _clear(middles, np.abs(sums))
        for n, (label, (low, high)) in enumerate(zip(labels, ends, strict=True)):
            across = (at - BAR, at + BAR, low, high, float(middles[n]), float(clear[n]))
            row = (*across, side, label, float(sums[n]), tokens[n])
            for key, each in zip(nodes, row, strict=True):
                nodes[key].append(each)

    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-1.05, 1.5], nice=False))
    y = alt.Y("low:Q", axis=None, scale=alt.Scale(domain=[0, 1], reverse=True, nice=False))
    flow = value_text(FLOW, "flow", 1)
    tip = tooltip({"sentence": "datum.sentence", "word": "datum.word", "flow": flow})
    bands_of = (
        alt.Chart(alt.NamedData("points"))
        .mark_area(opacity=0.45, tooltip=tip, cursor="pointer")
        .encode(
            x=x, y=y, y2="high:Q", detail="of:N",
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=[HELPS, MISLEADS], range="category"),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
        )
    )  # fmt: skip
    node = alt.Chart(alt.NamedData("nodes"))
    bars = node.mark_rect(
        style="quiet", cursor="pointer", tooltip=tooltip({"": "datum.name", "flow": flow})
    ).encode(x=x, x2="end:Q", y=y, y2="high:Q")
    at_left = node.transform_filter("datum.side === 'left'")
    at_right = node.transform_filter("datum.side === 'right'")
    beside: dict[str, Any] = {
        "style": "ink", "fontSize": 12, "tooltip": tooltip({"": "datum.name"}),
        # Where names would touch, those of the least flow go.
        "opacity": alt.ExprRef(f"datum.clear * height < {LINE} ? 0 : 1"),
    }  # fmt: skip

    def written(of: alt.Chart, at: str) -> alt.Chart:
        return of.encode(
            x=alt.X(f"{at}:Q", axis=None), y=alt.Y("middle:Q", axis=None), text="label:N"
        )

    texts = (
        written(
            at_left.transform_calculate(label="datum.name").mark_text(
                align="right", dx=-NUMBER, limit=alt.ExprRef(f"width * .41 - {NUMBER}"), **beside
            ),
            "x",
        ),
        written(
            at_left.transform_calculate(label=flow).mark_text(align="right", dx=-7, **beside), "x"
        ),
        written(
            at_right.transform_calculate(label=f"datum.name + '  ' + ({flow})").mark_text(
                align="left", dx=7, limit=alt.ExprRef("width * .18"), **beside
            ),
            "end",
        ),
    )
    pin = (
        node.transform_filter("datum.token === cursor")
        .mark_rect(style="here", filled=False, strokeWidth=2)
        .encode(x=x, x2="end:Q", y=y, y2="high:Q")
    )
    chart = alt.layer(bands_of, bars, pin, *texts)
    sets = {"points": band, "nodes": nodes}
    return finished(chart, unit, sets, height=440, note=_note(run, way))


def _busiest(
    flows: np.ndarray, names: list[str], most: int, others: str
) -> tuple[np.ndarray, list[str], list[int]]:
    """Put columns of little flow together.

    Args:
        flows: [n, W].
        names: of the columns.
        most: how many stay apart.
        others: what the last column is called then.

    Returns:
        Flows [n, W'], names, and which column each was; -1 for the others.
    """
    order = np.argsort(-np.abs(flows).sum(0), kind="stable")
    own, rest = sorted(order[:most].tolist()), order[most:]
    if rest.size <= 1:
        return flows, names, list(range(len(names)))
    together = flows[:, rest].sum(1, keepdims=True)
    kept = np.concatenate([flows[:, own], together], axis=1)
    return kept, [*(names[each] for each in own), others], [*own, -1]


def _stacked(shares: np.ndarray) -> list[tuple[float, float]]:
    """Return where the bar of every place lies, from the top: each has the same room around it."""
    free, top, found = FREE / max(len(shares), 1), 0.0, []
    for share in shares.tolist():
        high = top + free + share * (1 - FREE)
        found.append((top + free / 2, high - free / 2))
        top = high
    return found


def _clear(middles: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return how far each name [n] is from those of more flow; 1 for the first."""
    found = np.ones(len(middles))
    order = np.argsort(-sums, kind="stable")
    for place, each in enumerate(order[1:], 1):
        found[each] = np.abs(middles[order[:place]] - middles[each]).min()
    return found


def _note(run: FlowRun, way: str) -> str:
    total = float(number(run, "total").values)
    share = (
        float(number(run, f"sentence_{way}").values.sum(dtype=np.float64)) / total if total else 0
    )
    if way == "step":
        return f"Sum rule: the sentences add up to {share:.3%} of the flow of the whole context."
    return f"What is lost adds up to {share:.0%} of the flow: no sum rule holds here."


def answer(run: FlowRun, unit: str, parameters: Parameters) -> Spec:
    """Return the tokens of the answer, coloured by a number."""
    from ...charts.strip import strip_chart

    found = number(run, one_of(parameters, "colour", tuple(COLOUR.values)))
    spec = strip_chart(run.tokens, found.values, found.quantity, unit)
    # A part of a picture keeps its height: many lines are scrolled, not squeezed.
    part = {name: spec.pop(name) for name in ("layer", "width", "height")}
    return {**spec, "vconcat": [part]}


def running(run: FlowRun, unit: str, parameters: Parameters) -> Spec:
    """Return the flow so far along the answer, as it came out and as it was to be expected."""
    from ...charts.along import Line, along_chart

    came, expected = (number(run, name) for name in ("flow", "expected"))
    lines = [
        Line("as it came out", came.values.cumsum(dtype=np.float64), came.quantity),
        Line("expected", expected.values.cumsum(dtype=np.float64), came.quantity),
    ]
    return along_chart(lines, places(run, "T", len(run)), unit, label="Flow so far")
