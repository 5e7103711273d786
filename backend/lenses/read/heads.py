"""Heads: how many directions their queries, keys and values fill, and which of them retrieve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived import number
from ...runs.heads import HeadsRun
from ...storage.passages import passages
from ..base import Example, Lens, Paper, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.maps import Maps
from ..panels.parameters import one_of
from ..panels.picture import of_numbers

if TYPE_CHECKING:
    from ...charts.base import Spec

ENTROPIES = ("query_entropy", "key_entropy", "value_entropy")
SHIPPED = "heads_origin"


def against(run: HeadsRun, unit: str, parameters: Parameters) -> Spec:
    """Return a dot a head: its entropy, and what it looks up."""
    from ...charts.against import Of, against_chart
    from ...charts.places import Places
    from ...charts.words import head_name

    x = number(run, one_of(parameters, "number", ENTROPIES))
    y = number(run, "repeat_mass")
    names = [head_name(*place) for place in np.ndindex(x.values.shape)]
    along = Places("head", names, "place", counted=False)
    found = [Of(each.values.ravel(), each.quantity) for each in (x, y)]
    return against_chart(found[0], found[1], along, unit)


def by_layer(run: HeadsRun, unit: str, parameters: Parameters) -> Spec:
    """Return a dot a head over its layer."""
    from ...charts.head_layers import depth_chart

    found = number(run, one_of(parameters, "number", ENTROPIES))
    return depth_chart(found.values, found.quantity, unit)


declare(
    Lens(
        kind="heads",
        title="Heads",
        summary="How many directions queries, keys and values fill, and which heads look things "
        "up.",
        group="read",
        family="Layers",
        icon="grid_view",
        place=33,
        figures=("candidates", "upper", "query_auc", "key_auc", "value_auc"),
        panels=(
            Maps(
                title="Heads",
                read="Bright: many directions. Click a head, then see in Attention what it does.",
                of=("query_entropy", "key_entropy", "value_entropy", "repeat_mass", "flag"),
                axes=("L", "H"),
                area="stage",
            ),
            Chart(
                key="retrieval",
                title="Entropy and retrieval",
                read="Upward: heads that look up what came before; on the right, many directions.",
                about="Candidates are found by a text of their own, random tokens read twice: a "
                "head with at least 20 % of its weight on what followed the same token before. The "
                "rule of the paper, the half of all heads with the higher entropy, is a ranking; "
                "how well it finds them is on top of the page.",
                of=(*ENTROPIES, "repeat_mass"),
                controls=of_numbers(ENTROPIES),
                draw=against,
            ),
            Chart(
                key="layers",
                title="By layer",
                read="Dots are heads, the line their mean. Click a dot to choose its head.",
                of=ENTROPIES,
                controls=of_numbers(ENTROPIES),
                moves="head",
                draw=by_layer,
            ),
        ),
        examples=(
            Example(
                SHIPPED,
                "Which heads look things up? (Charles Darwin)",
                "Eleven heads do, all in layers 17 to 23; most have more entropy than others.",
                {"text": passages()[1]},
            ),
        ),
        papers=(
            Paper(
                number=58,
                claim="The matrix entropy of a head's queries tells heads that retrieve from "
                "others: they are in the half with the higher entropy.",
                look="panel=retrieval",
                example=SHIPPED,
                expected=0.84,
                found=lambda run: number(run, "query_auc").values.item(),
                tolerance=0.1,
                remark="The rule finds most candidates, and 124 of its 135 heads are none: a "
                "ranking, no test. It holds for queries as their map gives them; with positions "
                "turned in, as attention uses them, it is hardly better than chance (0.60).",
            ),
        ),
        guide=(
            "Entropies are truncated: of 64 directions the 32 strongest count, as in the paper.",
        ),
    )
)
