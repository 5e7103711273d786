"""Direct attribution: which part of the model wrote the token that came, which spoke against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...derived import number, quantity_of
from ...derived.parts import strongest
from ...runs.attribution import AttributionRun
from ..base import Example, Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.facts import Facts
from ..panels.parameters import whole
from ..panels.places import places
from ..panels.strip import Strip
from ..panels.taken import Taken
from ._texts import TEXTS

if TYPE_CHECKING:
    from ...charts.base import Spec

SHOWN = 14
HELD = (
    "Logit of the token that came minus that of the runner-up, split into what every part wrote "
    "into the residual stream. The final norm divides by the length of the state; that length is "
    "held as it is, which makes the split exact and leaves out what a part does to it. What a part "
    "writes for later parts to read is counted with them."
)


def token_of(run: AttributionRun, parameters: Parameters) -> int:
    """Return the token that is asked for; the last when it is not said."""
    return whole(parameters, "token", 0, len(run) - 1, len(run) - 1)


def by_layer(run: AttributionRun, unit: str, parameters: Parameters) -> Spec:
    """Return what attention and MLP of every layer wrote at a token."""
    from ...charts.layers import written_chart

    token, found = token_of(run, parameters), number(run, "attention")
    return written_chart(found.values[:, token], run.mlps[:, token], found.quantity, unit)


def by_head(run: AttributionRun, unit: str, parameters: Parameters) -> Spec:
    """Return the map of what the heads wrote at a token."""
    from ...charts.map import map_chart

    values, of = run.heads[:, :, token_of(run, parameters)], quantity_of(run, "heads")
    rows, columns = (places(run, axis, size) for axis, size in zip("LH", values.shape, strict=True))
    return map_chart(values, of, rows, columns, unit)


def by_part(run: AttributionRun, unit: str, parameters: Parameters) -> Spec:
    """Return the parts that moved the lead at a token most."""
    from ...charts.layers import parts_chart

    names, values = strongest(run, token_of(run, parameters), SHOWN)
    return parts_chart(names, values, quantity_of(run, "heads"), unit)


declare(
    Lens(
        kind="attribution",
        title="Attribution",
        summary="Which part of the model wrote the token that came, and which spoke against it.",
        group="read",
        family="Layers",
        icon="call_split",
        place=36,
        figures=("mean_difference", "by_heads", "by_mlps"),
        panels=(
            Strip(
                title="The text",
                read="How far each token led before the next best; against it, something else was "
                "more likely.",
                about=HELD,
                colours=("difference", "embedding", "constant"),
            ),
            Chart(
                key="map",
                title="Heads at this token",
                read="For and against the token that came. Click a head: where it took that from, "
                "and in Attention what it does.",
                of=("heads",),
                state=("token",),
                moves="head",
                draw=by_head,
                area="stage",
            ),
            Facts(
                title="This token",
                read="Its lead, and what had a share in it.",
                of=("difference", "embedding", "constant"),
            ),
            Chart(
                key="parts",
                title="Strongest parts",
                read="What moved the lead of this token most.",
                of=("heads", "mlps"),
                state=("token",),
                draw=by_part,
                area="inspector",
            ),
            Chart(
                key="layers",
                title="By layer",
                read="Up: for the token that came. Down: for the runner-up.",
                of=("attention", "mlps"),
                state=("token",),
                draw=by_layer,
            ),
            Taken(
                title="Where the head took it from",
                read="The chosen head's part in the lead of the pinned token, by the tokens it "
                "looked at.",
                about="What a head writes is a sum over the tokens it looks at, each with its "
                "weight: for the pattern as it is, this split is exact. The strongest four are "
                "kept.",
                area="timeline",
            ),
        ),
        examples=(
            Example(
                "attribution_fact",
                "Who wrote Paris?",
                "Paris leads “the” by the last MLPs and head L23.H4; MLPs 21 and 22 wrote against "
                "it.",
                {"text": TEXTS["fact"].text},
                5,
            ),
        ),
    )
)
