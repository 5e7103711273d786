"""Volume: the space that answers span, as a parallelepiped and as a spectrum."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...charts.words import one_line
from ...derived import number
from ...runs.volume import EPSILONS, VolumeRun
from ...storage.examples import EXAMPLES
from ...storage.files import load_run
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Column, Table

if TYPE_CHECKING:
    from ...charts.base import Spec

THREE = Choice(
    "three", "Three texts",
    {"widest": "that span most", "typical": "in the middle", "first": "the first ones"},
)  # fmt: skip
ASKED = "asked"
EPSILON = Choice(
    "epsilon",
    "ε",
    {ASKED: "ε as asked for", **{f"{each:g}": f"ε = {each:g}" for each in EPSILONS[2:]}},
)
DEPTH = (0.34, 0.42)
"""Where the third axis goes on paper."""


def three_of(run: VolumeRun, which: str) -> tuple[int, ...]:
    """Return three texts: those that span most, those in the middle of all, or the first."""
    first = (0, 1, 2)
    if which == "first":
        return first
    gram = run.cosine.astype(np.float64)
    every = list(combinations(range(len(gram)), 3))
    spans = [float(np.linalg.det(gram[np.ix_(each, each)])) for each in every]
    order = np.argsort(spans, kind="stable")
    return every[int(order[-1] if which == "widest" else order[len(order) // 2])]


def corners(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return three vectors with these inner products, [3, 3], and the eight corners they span.

    The first axis is what the three share; what parts them lies along the others.
    """
    values, vectors = np.linalg.eigh(gram)
    three = (vectors * np.sqrt(np.clip(values, 0, None)))[:, ::-1]
    three = three * np.where(three.sum(0) < 0, -1, 1)
    bits = np.array([[i >> k & 1 for k in range(3)] for i in range(8)])
    return three, bits @ three


def box(run: VolumeRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the parallelepiped of three texts; None where there are fewer."""
    import altair as alt

    from ...charts.base import finished, tooltip

    if run.cosine.shape[0] < 3:
        return None
    chosen = three_of(run, one_of(parameters, "three", list(THREE.values)))
    gram = np.nan_to_num(run.cosine.astype(np.float64)[np.ix_(chosen, chosen)])
    three, corner = corners(gram)
    spanned = float(np.sqrt(max(np.linalg.det(gram), 0)))

    def flat(point: np.ndarray) -> tuple[float, float]:
        return float(point[0] + DEPTH[0] * point[2]), float(point[1] + DEPTH[1] * point[2])

    edges = [(i, i | 1 << k) for i in range(8) for k in range(3) if not i >> k & 1]
    lines = [(*flat(corner[i]), *flat(corner[j])) for i, j in edges]
    tips = [flat(each) for each in three]
    labels = [one_line(places(run, "X", run.cosine.shape[0]).labels[i], 60) for i in chosen]
    wide = [each for line in lines for each in line[::2]]
    high = [each for line in lines for each in line[1::2]]
    middle, half = (max(high) + min(high)) / 2, max((max(high) - min(high)) / 2, 0.55) * 1.15
    ends = [min(wide) - 0.1, max(max(wide) + 0.1, min(wide) + 3)]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=ends, nice=False, zero=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[middle - half, middle + half], nice=False))
    frame = alt.Chart(alt.NamedData("edges")).mark_rule(style="quiet", strokeWidth=1).encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q"
    )  # fmt: skip
    arrows = alt.Chart(alt.NamedData("vectors"))
    tip = tooltip({"text": "datum.label"})
    vectors = arrows.mark_rule(style="main", strokeWidth=3, tooltip=tip).encode(
        x=alt.X("from:Q", axis=None), y=alt.Y("up:Q", axis=None), x2="x:Q", y2="y:Q"
    )
    dots = arrows.mark_point(style="main", filled=True, size=70, opacity=1, tooltip=tip).encode(
        x=x, y=y
    )
    names = arrows.mark_text(style="ink", align="left", dx=9, fontSize=13).encode(
        x=x, y=y, text="label:N"
    )
    count = range(len(lines))
    sets = {
        "vectors": {
            "from": [0.0] * 3, "up": [0.0] * 3, "x": [each[0] for each in tips],
            "y": [each[1] for each in tips], "label": labels,
        },
        "edges": {
            name: [lines[i][k] for i in count] for k, name in enumerate(("x", "y", "x2", "y2"))
        },
    }  # fmt: skip
    own = float(number(run, "own").values)
    note = (
        f"n = {run.cosine.shape[0]}, d = {run.directions}, ε = {run.request.epsilon:g}: the "
        f"log-volume is {own:,.1f}. These three alone span {spanned:.3f} of the 1 that texts at "
        "right angles would."
    ).replace("-", "−")
    chart = alt.layer(frame, vectors, dots, names)
    return finished(chart, unit, sets, height=320, note=note)


def logs(run: VolumeRun, unit: str, parameters: Parameters) -> Spec:
    """Return ln (s² + ε) along every direction that is kept; their sum is the volume."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip

    chosen = one_of(parameters, "epsilon", list(EPSILON.values))
    epsilon = run.request.epsilon if chosen == ASKED else float(chosen)
    kept = run.square[: run.directions].astype(np.float64)
    values = np.log(np.clip(kept, 0, None) + epsilon)
    rows = {"direction": range(1, len(kept) + 1), "value": values, "empty": values < -13}
    x = alt.X("direction:O", title="direction", axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("value:Q", title="ln (s² + ε)")
    tip = tooltip({"direction": "datum.direction", "ln (s² + ε)": "format(datum.value, '.2f')"})
    bars = alt.Chart(POINTS).mark_bar(cornerRadiusEnd=2, style="main", tooltip=tip).encode(
        x=x, y=y, opacity=alt.condition("datum.empty", alt.value(0.3), alt.value(0.85))
    )  # fmt: skip
    written = alt.Chart(POINTS).mark_text(style="ink", fontSize=11, dy=-7).encode(
        x=x, y=alt.Y("top:Q"), text=alt.Text("value:Q", format=".1f")
    )  # fmt: skip
    written = written.transform_calculate(top="max(datum.value, 0)")
    total = f"{values.sum():,.1f}".replace("-", "−")
    note = f"They sum to {total}; pale where nothing but ε is left."
    return finished(alt.layer(bars, written), unit, {"points": rows}, note=note)


def plane(run: VolumeRun, unit: str, parameters: Parameters) -> Spec:
    """Return all texts along the two largest directions."""
    import altair as alt

    from ...charts.base import POINTS, finished, tooltip

    labels = places(run, "X", len(run.point)).labels
    rows = {
        "row": np.arange(len(run.point)),
        "label": labels,
        "short": [one_line(each.split(" ", 1)[-1], 28) for each in labels],
        "shared": run.point[:, 0].astype(np.float64),
        "parts": run.point[:, 1].astype(np.float64),
    }
    x = alt.X("shared:Q", title="what all share", scale=alt.Scale(domain=[0, 1.1], nice=False))
    y = alt.Y("parts:Q", title="what parts them most", scale=alt.Scale(domain=[-1, 1]))
    base = alt.Chart(POINTS).encode(x=x, y=y)
    tip = tooltip({"text": "datum.label"})
    dots = base.mark_point(style="main", filled=True, size=60, opacity=0.7, tooltip=tip)
    pin = base.transform_filter("datum.row === cursor").mark_point(
        style="here", size=150, strokeWidth=2
    )
    names = base.mark_text(style="ink", align="left", dx=8, fontSize=11).encode(text="short:N")
    return finished(alt.layer(dots, pin, names), unit, {"points": rows})


def rows(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return ε of every row."""
    names = [f"{each:g}" for each in run.epsilons[: sizes[0]]]
    return [Column(name="epsilon", label="ε", values=names)]


def beyond_france(run: VolumeRun) -> float:
    """Return how much larger a volume is than that of the answers on France."""
    known = load_run(EXAMPLES / "volume_france.safetensors")
    return float(number(run, "own").values - number(known, "own").values)


def _example(name: str, question: str, title: str, note: str, **fields: Any) -> Example:
    return Example(f"volume_{name}", title, note, {"question": question, **fields})


declare(
    Lens(
        kind="volume",
        title="Volume",
        summary="How much space the answers to a question span: the more, the less sure.",
        group="write",
        family="Answers",
        icon="deployed_code",
        place=24,
        figures=("own", "count", "kept", "epsilon"),
        panels=(
            Chart(
                key="parallelepiped",
                title="Three of them",
                read="Three embeddings and the box they span: flat where two say the same, a cube "
                "where they have nothing in common.",
                about="The lengths and angles of the three are exact; only the view is flat. To "
                "the right is what they share.",
                missing="A box needs three texts.",
                area="stage",
                draw=box,
                of=("cosine",),
                controls=(THREE,),
            ),
            Chart(
                key="spectrum",
                title="Spectrum",
                read="ln (s² + ε) along each direction, the largest first; the sum is the volume.",
                draw=logs,
                of=("volume", "square"),
                controls=(EPSILON,),
            ),
            Table(
                key="table_texts",
                title="What each adds",
                read="How much of the volume goes with a text: about ln ε for one that is there "
                "twice.",
                table="texts",
                axes=("X",),
                of=("added",),
                sort="added",
            ),
            Chart(
                key="plane",
                title="All of them",
                read="Every text along the two largest directions; equal texts lie on each other.",
                draw=plane,
                of=("cosine",),
                moves="row",
            ),
            Map(
                title="All pairs",
                read="Cosine of any two texts.",
                of="cosine",
                axes=("X", "U"),
                area="timeline",
            ),
            Table(
                title="Numbers",
                read="The volume by ε, in d directions and of n × n.",
                table="epsilons",
                axes=("E",),
                of=("volume", "whole"),
                rows=rows,
            ),
        ),
        examples=(
            _example(
                "burkina_faso",
                "What is the capital of Burkina Faso?",
                "Twenty answers to what it does not know",
                "Mali comes five times, which spans no more than once; fifteen different answers "
                "fill fifteen directions.",
            ),
            _example(
                "france",
                "What is the capital of France?",
                "Twenty answers to what it knows",
                "Paris seventeen times, France twice, and one slip: three directions are filled, "
                "and each of the other seventeen adds ln ε.",
            ),
            _example(
                "ten_directions",
                "What is the capital of Burkina Faso?",
                "The same in ten directions",
                "In the ten largest directions nothing is empty: the volume depends on ε no more, "
                "and is that of what was really said.",
                directions=10,
            ),
        ),
        papers=(
            Paper(
                55,
                "Answers span more space where the model is unsure: those on Burkina Faso more "
                "than those on France.",
                "",
                "volume_burkina_faso",
                None,
                beyond_france,
                0.0,
                "Found is the difference of both, −123.8 and −388.8, at n = d = 20, ε = 1e−10. "
                "Most of it is ln ε: as many directions as there are different answers are filled. "
                "The paper's figures are of a threshold on many questions.",
            ),
            Paper(
                55,
                "With d < n the determinant of n × n has (n − d) ln ε in it: −230.26 for n = 20, "
                "d = 10, ε = 1e−10.",
                "",
                "volume_ten_directions",
                -230.26,
                lambda run: float(run.whole[0] - run.volume[0]),
                0.01,
                "So only volumes of equal n, d and ε can be compared; ours is that of d × d.",
            ),
        ),
        guide=(
            "Embeddings by MiniLM have length 1; those of one meaning point one way and span "
            "nothing. The logarithm of the volume sums ln (s² + ε) over the directions.",
            "The authors sample 20 answers at temperature 1, keep 20 directions of them, or 10 of "
            "20 ways to put the question, and add ε = 1e−10. Of their paper the abstract and a "
            "digest were read; where they fit their directions is our guess: nothing is centred.",
            "Own texts under Options, one a row, are taken as they are: two equal ones show what ε "
            "does.",
        ),
    )
)
