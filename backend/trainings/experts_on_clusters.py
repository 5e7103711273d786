"""Where balanced experts pay: eight clusters, each with a linear map of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.router import router_entropy
from ..measures.routing import (
    balanced_bias,
    balancing,
    choose,
    class_information,
    class_shares,
    dead_experts,
    load_entropy,
)
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, final, mean_over_seeds
from .engine.layers import normal
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, Variant

EXPERTS, CLUSTERS, SIZE, OUTPUTS = 8, 8, 16, 4
BATCH, TESTED, UPDATE = 256, 2000, 0.02


class Points(NamedTuple):
    """Inputs [n, 16], what they are mapped to [n, 4], and their clusters [n]."""

    inputs: Tensor
    outputs: Tensor
    clusters: Tensor


@cache
def _world() -> tuple[Tensor, Tensor]:
    """Return the centres [8, 16] and maps [8, 16, 4] of the clusters."""
    generator = torch.Generator().manual_seed(11)
    centres = 3 * F.normalize(torch.randn(CLUSTERS, SIZE, generator=generator), dim=1)
    maps = normal(generator, CLUSTERS, SIZE, OUTPUTS, scale=1.5 / math.sqrt(SIZE))
    return centres, maps


def draw(count: int, generator: torch.Generator) -> Points:
    """Return so many points of all clusters."""
    centres, maps = _world()
    clusters = torch.randint(0, CLUSTERS, (count,), generator=generator)
    inputs = centres[clusters] + torch.randn(count, SIZE, generator=generator)
    return Points(inputs, torch.einsum("nd,ndo->no", inputs, maps[clusters]), clusters)


@cache
def _test() -> Points:
    return draw(TESTED, torch.Generator().manual_seed(5))


def _init(generator: torch.Generator) -> Parameters:
    return {
        "router": normal(generator, SIZE, EXPERTS, scale=0.3 / math.sqrt(SIZE)),
        "maps": normal(generator, EXPERTS, SIZE, OUTPUTS, scale=0.1),
        "shifts": torch.zeros(EXPERTS, 1, OUTPUTS),
    }


def run_through(
    copies: Copies, inputs: Tensor, noise: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return outputs [K, n, 4], router probabilities and chosen experts [K, n, 8]."""
    scores = inputs @ copies["router"]
    if noise is not None:
        scores = scores + copies.knobs["noise"][:, None, None] * noise
    shares = torch.softmax(scores, -1)
    bias = copies.state.get("bias", torch.zeros(len(copies), EXPERTS))
    chosen = choose(shares, bias[:, None])
    outputs = torch.einsum("nd,kedo->kneo", inputs, copies["maps"])
    outputs = outputs + copies["shifts"].transpose(1, 2)
    return (outputs * (shares * chosen)[..., None]).sum(2), shares, chosen


def _gain(run: TrainingRun, variant: str) -> float:
    """Return how much lower the error of a variant is than without balancing."""
    return mean_over_seeds(run, "error", "none") - mean_over_seeds(run, "error", variant)


@EXPERIMENTS.register("experts_on_clusters")
class ExpertsOnClusters(Experiment):
    """Sixteen dimensions, a router, one of eight linear experts; squared error."""

    title = "Experts where they pay"
    summary = "Eight clusters need eight experts: the balanced ones are nearer to the truth."
    story = (
        "Each cluster of points is mapped by a rule of its own, so that one expert cannot serve "
        "two. Here balance pays: a bias that is moved after each batch ends with the least error, "
        "the balancing loss gains a little, and noise on the scores costs some. Beside it, digits "
        "do not care how many experts are alive."
    )
    seeds = (0, 1, 2, 3)
    steps, every = 600, 15
    choices = (
        Choice("balance", "Balancing weight c", "Of c · E · Σ f P.", 0.05, 0.0, 1.0),
        Choice("noise", "Noise", "Standard deviation on the router's scores.", 1.0, 0.0, 4.0),
        Choice("learning_rate", "Learning rate", "Of Adam.", 1e-2, 1e-3, 5e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "error": Measured(
            Quantity(
                "Relative error",
                "",
                "%",
                digits=1,
                help="Squared error over the variance of what is to be told, on new points.",
            )
        ),
        "load_entropy": Measured(
            Quantity(
                "Load entropy",
                "H/ln E",
                "%",
                digits=0,
                help="How evenly points are shared out; 100 % is balance.",
            ),
            lines=(Line("balance", 1.0),),
        ),
        "dead": Measured(
            Quantity(
                "Dead experts", "", "experts", high=8, digits=0, help="Given less than 1 % of all."
            )
        ),
        "token_entropy": Measured(
            Quantity(
                "Router entropy",
                "H/ln E",
                "%",
                digits=0,
                help="How undecided the router is about one point, as a share of ln 8.",
            )
        ),
        "information": Measured(
            Quantity(
                "Expert and cluster",
                "I/ln 8",
                "%",
                digits=0,
                help="What the chosen expert tells of the cluster, as a share of all there is.",
            )
        ),
        "cluster_shares": Measured(
            Quantity(
                "Share of all points",
                "p",
                "%",
                high=0.125,
                digits=1,
                help="Points of a cluster that are given to an expert.",
            ),
            axes=("expert", "cluster"),
        ),
    }
    telling = "cluster_shares"
    expected = (
        Expected(
            "bias_gain",
            "The bias ends with a lower error than no balancing, by .01 or more.",
            lambda run: _gain(run, "bias"),
            0.01,
            0.1,
        ),
        Expected(
            "loss_gain",
            "The balancing loss does no harm to the error.",
            lambda run: _gain(run, "balancing loss"),
            -0.01,
            0.1,
        ),
        Expected(
            "alive",
            "With the bias no expert is dead.",
            lambda run: float(final(run, "dead", "bias").max()),
            0,
            0,
        ),
    )
    papers = (9,)
    cost = 5.7
    architecture = "router 16-8 to one of 8 linear experts 16-4"
    data = ()

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        knobs = {
            "none": (0.0, 0.0, 0.0),
            "balancing loss": (self.number("balance"), 0.0, 0.0),
            "noise": (0.0, self.number("noise"), 0.0),
            "bias": (0.0, 0.0, UPDATE),
        }
        variants = tuple(
            Variant(name, rate, dict(zip(("balance", "noise", "update"), each, strict=True)))
            for name, each in knobs.items()
        )
        return [Group(variants, _init, _loss, _batch, after=_rebalance)]

    def labels(self) -> dict[str, list[str]]:
        return {
            "expert": [str(i) for i in range(EXPERTS)],
            "cluster": [str(i) for i in range(CLUSTERS)],
        }

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test = _test()
        outputs, shares, chosen = run_through(copies, test.inputs)
        variance = (test.outputs - test.outputs.mean(0)).square().mean()
        load, joint = chosen.mean(1), class_shares(chosen, test.clusters, CLUSTERS)
        return {
            "error": (outputs - test.outputs).square().mean((1, 2)) / variance,
            "load_entropy": load_entropy(load),
            "dead": dead_experts(load),
            "token_entropy": router_entropy(shares).mean(1) / math.log(EXPERTS),
            "information": class_information(joint) / math.log(CLUSTERS),
            "cluster_shares": joint,
        }


def _batch(generator: torch.Generator, step: int) -> tuple[Points, Tensor]:
    return draw(BATCH, generator), torch.randn(BATCH, EXPERTS, generator=generator)


def _loss(copies: Copies, batch: tuple[Points, Tensor]) -> Tensor:
    points, noise = batch
    outputs, shares, chosen = run_through(copies, points.inputs, noise)
    load = chosen.mean(1)
    copies.state.setdefault("bias", torch.zeros(len(copies), EXPERTS))
    copies.state["load"] = load.detach()
    uneven = balancing(load, shares.mean(1))
    error = (outputs - points.outputs).square().mean((1, 2))
    return error + copies.knobs["balance"] * uneven


def _rebalance(copies: Copies, batch: object) -> None:
    bias, load = copies.state["bias"], copies.state["load"]
    copies.state["bias"] = balanced_bias(bias, load, copies.knobs["update"][:, None])
