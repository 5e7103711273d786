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
            Facts(title="This token", read="At every layer.", of=("router_entropy",), at="L"),
        ),
        examples=(
            Example(
                FREE,
                "What without balancing?",
                "In each layer one or two experts get most tokens.",
                TEXT,
            ),
            Example(BALANCED, "What with balancing?", "The same net, trained to share out.", TEXT),
        ),
        papers=(
            Paper(
                number=9,
                claim="Without a balancing loss some experts get most tokens and others none; with "
                "it, all are used.",
                look="panel=map_load",
                example=FREE,
                expected=1.1,
                found=lambda run: number(run, "mean_variation").values.item(),
                tolerance=0.3,
                remark="Loads of a net of two layers and eight experts, trained here on four "
                "thousand tokens, vary by 109 %; those of its twin with the loss by 59 %. Dying "
                "while they train is shown under Training.",
            ),
        ),
        guide=(
            "The bundled model has one MLP a layer and nothing to choose: load a mixture of "
            "experts, such as Mixtral, Qwen-MoE or OLMoE, to see its routers.",
        ),
    )
)
