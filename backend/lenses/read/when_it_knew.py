"""When it knew: what every layer would say, if the model ended there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...derived import number
from ...runs.when_it_knew import WhenItKnewRun
from ..base import Example, Lens, declare
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.facts import Facts
from ..panels.ladder import Ladder
from ..panels.maps import Maps
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import over_others, places
from ..panels.strip import Strip
from ._texts import TEXTS

if TYPE_CHECKING:
    from ...charts.base import Spec

DEPTHS = {"information": ("kl", "entropy"), "agreement": ("agrees",)}
MAPS = ("linear_kl", "linear_entropy", "linear_rank", "linear_agrees", "kl", "entropy", "rank")
KNEW = ("linear_knew_at", "knew_at")


def by_depth(run: WhenItKnewRun, unit: str, parameters: Parameters) -> Spec:
    """Return the means over the text by depth, both lenses in one picture."""
    from ...charts.along import Line, along_chart

    names = DEPTHS[one_of(parameters, "of", tuple(DEPTHS))]
    both = [each for name in names for each in (name, f"linear_{name}")]
    found = [number(run, each) for each in both if getattr(run, each) is not None]
    lines = [Line(each.quantity.name, over_others(each, "D"), each.quantity) for each in found]
    return along_chart(lines, places(run, "D", len(run.kl)), unit, label="Mean over the text")


def _example(text: str, note: str, token: int) -> Example:
    of = TEXTS[text]
    return Example(f"when_it_knew_{text}", of.title, note, {"text": of.text}, token)


declare(
    Lens(
        kind="when_it_knew",
        title="When it knew",
        summary="What every layer would say, if the model ended there.",
        group="read",
        family="Layers",
        icon="steps",
        place=31,
        figures=("mean_knew_at", "middle_kl", "linear_middle_kl"),
        panels=(
            Strip(title="The text", read="Bright: known late, only near the end.", colours=KNEW),
            Maps(
                title="Layer by token",
                read="Bright: far from what the model finally says. Depth 0 is the embedding.",
                about="A state is read by the model's own final norm and head. The linear lens "
                "maps it first by least squares, fitted on a few thousand tokens of other texts: "
                "it is no tuned lens, which minimises the divergence itself. The logit lens alone "
                "misleads: in the middle layers it is sure and wrong, because states are not yet "
                "written the way the head reads.",
                of=MAPS,
                axes=("D", "T"),
                area="stage",
            ),
            Ladder(title="The ladder", read="First choices by depth; bold: the end's."),
            Chart(
                key="depths",
                title="Mean by depth",
                read="Low entropy far from the end is no knowledge: look at both.",
                draw=by_depth,
                of=("kl", "linear_kl", "entropy", "linear_entropy", "agrees", "linear_agrees"),
                controls=(
                    Choice(
                        "of", "Show", {"information": "entropy and KL", "agreement": "agreement"}
                    ),
                ),
            ),
            Facts(title="This token", read="At every depth.", of=(*KNEW, "kl", "entropy")),
        ),
        examples=(
            _example(
                "fact",
                "“Paris” is the first choice of the linear lens from depth 24 on; the logit lens "
                "has it at the very end only.",
                5,
            ),
            _example(
                "repeated",
                "The second and third copy are known layers earlier than the first: at depth 27, "
                "then 23, then 21 on average.",
                40,
            ),
        ),
        guide=(
            "Read the divergence, not the entropy: a layer can be sure of something the model will "
            "never say. On this model the plain logit lens has about 1 nat of entropy in the "
            "middle layers, and 14 to 18 nats of divergence to the end.",
            "The linear lens is fitted once per model, on texts that ship with the project, and "
            "kept with the cached files. A tuned lens of your own, saved as .safetensors, can take "
            "its place.",
        ),
    )
)
