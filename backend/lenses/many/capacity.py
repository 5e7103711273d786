"""Capacity: what a model and its cuts take off the size of texts, against the work they do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...derived.capacity import COMPRESSED, beside_best_program, by_programs, compressed
from ...runs.capacity import BIASES, CAPACITY, FLOPS, GAIN, CapacityRun
from ...storage.passages import passages
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.table import Table

if TYPE_CHECKING:
    from ...charts.base import Spec

VARIANTS = Choice("formula", "Variant of the formula", {each: each for each in BIASES})
LINES = 6


def gain_by_work(run: CapacityRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return every model's gain over its work, with lines of equal capacity."""
    import altair as alt

    from ...charts.base import POINTS, finished, title, tooltip
    from ...charts.scales import label_text, shown, value_text

    variant = one_of(parameters, "formula", list(BIASES))
    place = list(BIASES).index(variant)
    bias = run.bias if BIASES[variant] is None else BIASES[variant] or 0.0
    known = np.isfinite(run.gain)
    if not known.any():
        return None
    low, high = float(run.counted.min()) / 1.05, float(run.counted.max()) * 1.2
    least, most = float(run.gain[known].min()), float(run.gain[known].max())
    free = max(0.12 * (most - least), 0.2)
    points = {
        "row": range(len(run.names)),
        "name": run.names,
        "work": run.counted,
        "gain": run.gain,
        "capacity": run.capacity[:, place],
    }
    ends = (least - free, most + free)
    base = alt.Chart(POINTS).transform_calculate(upward=shown(GAIN, "gain"))
    x = alt.X(
        "work:Q",
        axis=alt.Axis(title="Work (FLOP a token)", tickCount=6, format="~s", grid=False),
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
    )
    domain = [{"expr": f"{each} * factor"} for each in ends]
    y = alt.Y(
        "upward:Q",
        axis=alt.Axis(title=title(label_text(GAIN)), tickCount=6),
        scale=alt.Scale(domain=domain, nice=False),
    )
    tip = tooltip(
        {
            "model": "datum.name",
            "gain": value_text(GAIN, "gain"),
            "work": value_text(FLOPS, "work"),
            "capacity": value_text(CAPACITY, "capacity"),
        }
    )
    equal = alt.Chart(alt.NamedData("equal")).transform_calculate(upward=shown(GAIN, "gain"))
    lines = equal.mark_line(style="quiet", strokeDash=[4, 4], strokeWidth=1, clip=True).encode(
        x=x, y=y, detail="level:N"
    )
    levels = equal.transform_filter("datum.last").mark_text(
        style="quiet", align="right", dx=-4, dy=-6, fontSize=11, clip=True
    ).encode(x=x, y=y, text=alt.Text("level:Q", format=".3f"))  # fmt: skip
    dots = base.mark_point(filled=True, size=90, tooltip=tip, style="main").encode(x=x, y=y)
    # Above and below by turns: names of neighbours would lie over one another.
    turn = base.transform_window(
        place="row_number()", sort=[alt.SortField("work", order="ascending")]
    )
    names = [
        turn.transform_filter(f"datum.place % 2 === {odd}")
        .mark_text(style="ink", dy=dy, fontSize=12)
        .encode(x=x, y=y, text="name:N")
        for odd, dy in ((1, -12), (0, 14))
    ]
    sets = {"points": points, "equal": _equal(run.capacity[:, place], bias, (low, high))}
    return finished(alt.layer(lines, levels, dots, *names), unit, sets, height=320)


def sizes(run: CapacityRun, unit: str, parameters: Parameters) -> Spec:
    """Return what a byte of text becomes: as it is, by programs, and by every model."""
    from ...charts.bars import bars_chart
    from ...charts.places import Places

    programs = by_programs(run)
    names = ["uncompressed", *programs, *(f"model {each}" for each in run.names)]
    values = [COMPRESSED.high, *programs.values(), *compressed(run).tolist()]
    return bars_chart(np.array(values), COMPRESSED, Places("by", names, "by", False), unit)


def _equal(capacity: np.ndarray, bias: float, ends: tuple[float, float]) -> dict[str, list]:
    """Return lines along which the capacity is the same: gain = IC log₂ F − b, in nats."""
    known = capacity[np.isfinite(capacity)].astype(np.float64)
    if not known.size:
        return {"level": [], "work": [], "gain": [], "last": []}
    spread = max(float(np.ptp(known)), 0.02)
    levels = np.linspace(known.min() - spread / 4, known.max() + spread / 4, LINES)
    work = np.geomspace(*ends, 24)
    rows = [(level, each) for level in levels for each in work]
    return {
        "level": [float(level) for level, _ in rows],
        "work": [float(each) for _, each in rows],
        "gain": [float((level * math.log2(each) - bias) * math.log(2)) for level, each in rows],
        "last": [bool(each == work[-1]) for _, each in rows],
    }


declare(
    Lens(
        kind="capacity",
        title="Capacity",
        summary="What a model takes off the size of texts, against the work that it does.",
        group="many",
        family="Scaling",
        icon="compress",
        place=44,
        panels=(
            Chart(
                key="gain_by_work",
                title="Gain and work",
                read="A dot is a model: up, a smaller text; right, more work. Dashed lines join "
                "equal capacity.",
                area="stage",
                draw=gain_by_work,
                of=("gain", "counted", "capacity"),
                controls=(VARIANTS,),
            ),
            Chart(
                key="sizes",
                title="Compressed",
                read="Bits that a byte of these texts takes: predicting well is compressing well.",
                about="Programs get all texts as one file, a model each by itself. The model is "
                "not counted: it has to be on both sides, as the program has.",
                draw=sizes,
                of=("compressed",),
            ),
            Table(
                title="Models",
                read="Size of a token of text, what the model makes of it, and the work of one.",
                table="models",
                axes=("V",),
                of=("size", "loss", "gain", "flops", "counted"),
            ),
            Table(
                key="variants",
                title="Variants of the formula",
                read="The order of models depends on b, and on how work is counted.",
                table="model_variant",
                axes=("V", "B"),
                of=("capacity",),
            ),
            Map(
                key="map_saved",
                title="By text",
                read="What each model takes off a token of each text.",
                of="saved",
                axes=("V", "X"),
                area="timeline",
            ),
        ),
        examples=(
            Example(
                "capacity_cuts",
                "SmolLM2 and four cuts of it",
                "Every layer left out costs more of the gain than it saves of the work. Without b "
                "all are near 1; with b = −24 the whole model has .18 and the worst cut .11.",
                {"texts": tuple(each[:1_600] for each in passages()), "longest": 384},
            ),
        ),
        papers=(
            Paper(
                5,
                "What a model compresses away for its work is one number of efficiency; the "
                "tokenizer belongs to it.",
                "",
                "capacity_cuts",
                1.0,
                lambda run: float(np.mean(run.capacity[1:, 1] < run.capacity[0, 1])),
                0.0,
                "Found is the share of cuts with less capacity than the whole model. That capacity "
                "is one within a family does not show on cuts, which were not trained as they are: "
                "the b that makes them equal is far from the authors'.",
            ),
            Paper(
                5,
                "Predicting text is compressing it: the model makes it a third of what a program "
                "made for that does.",
                "panel=sizes",
                "capacity_cuts",
                0.32,
                beside_best_program,
                0.01,
                "Found is the size beside that of the best of xz, gzip and bzip2; expected is our "
                "first measurement. The weights, 270 MB in half precision, are not counted.",
            ),
        ),
        guide=(
            "A model compresses what it expects. The texts are prose that it may have met; give "
            "your own, or random letters, and see what is left of the gain.",
            "Only capacities of the same texts and the same b can be compared. Choose another "
            "model on top, and Run with it, to place it beside this one by Compare.",
            "The authors count the width of a head as the width of the states over the number of "
            "heads; models that set it by themselves do more work than that.",
        ),
    )
)
