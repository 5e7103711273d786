"""Router: which experts a mixture of experts gives each token to."""

from ...derived import number
from ...storage.passages import passages
from ..base import Example, Lens, Paper, declare
from ..panels.along import AlongAxis
from ..panels.bars import Bars
from ..panels.facts import Facts
from ..panels.map import Map
from ..panels.strip import Strip

TEXT = {"text": passages()[1][:1_000]}
FREE, BALANCED = "router_free", "router_balanced"

declare(
    Lens(
        kind="router",
        title="Router",
        summary="Which experts a mixture of experts gives each token to, and how evenly.",
        group="read",
        family="Layers",
        icon="alt_route",
        place=35,
        figures=("entropy_share", "mean_variation", "idle"),
        panels=(
            Strip(
                title="At one layer",
                read="Bright: the router was undecided between its experts.",
                colours=("router_entropy",),
                at="L",
            ),
            Map(title="Load", read="Bright: gets many tokens.", of="load", axes=("L", "X")),
            AlongAxis(
                title="By layer",
                read="Each layer alone: pooled, layers that use few experts hide one another.",
                of=("variation", "balance", "information", "router_entropy"),
                axis="L",
            ),
            Bars(title="Load of the experts", read="Mean over layers.", of="load", axis="X"),
            Facts(title="This token", read="At every layer.", of=("router_entropy",)),
        ),
        examples=(
            Example(FREE, "What without balancing?", "One expert takes most; others idle.", TEXT),
            Example(BALANCED, "What with balancing?", "The same net, trained to share out.", TEXT),
        ),
        papers=(
            Paper(
                number=9,
                claim="Without a balancing loss some experts get most tokens and others none; with "
                "it, all are used.",
                look="panel=map_load",
                example=FREE,
                expected=0.5,
                found=lambda run: number(run, "idle").values.item(),
                tolerance=0.3,
                remark="A net of two layers and eight experts, trained here on a few thousand "
                "tokens; its twin with the loss leaves none idle.",
            ),
        ),
        guide=(
            "The bundled model has one MLP a layer and nothing to choose: load a mixture of "
            "experts, such as Mixtral, Qwen-MoE or OLMoE, to see its routers.",
        ),
    )
)
