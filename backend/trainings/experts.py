"""A mixture of experts: left alone its router sends everything to one; three ways to balance it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.router import expert_information, router_entropy
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
from .data import digits
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, final
from .engine.layers import accuracy, cross_entropy, linear, normal
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, Variant

EXPERTS, WIDTH, INNER = 8, 32, 16
UPDATE = 0.01


def _init(generator: torch.Generator) -> Parameters:
    inner = normal(generator, EXPERTS * WIDTH, INNER, scale=math.sqrt(2 / WIDTH))
    made = {
        "in": normal(generator, 64, WIDTH, scale=1 / 8),
        "in_bias": torch.zeros(1, WIDTH),
        "router": normal(generator, WIDTH, EXPERTS, scale=0.1),
    }
    return {
        **made,
        "up": inner.view(EXPERTS, WIDTH, INNER),
        "down": normal(generator, EXPERTS, INNER, WIDTH, scale=math.sqrt(1 / INNER)),
        "out": normal(generator, WIDTH, 10, scale=math.sqrt(1 / WIDTH)),
        "out_bias": torch.zeros(1, 10),
    }


def run_through(
    copies: Copies, images: Tensor, noise: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits [K, n, 10], router probabilities and chosen experts [K, n, 8]."""
    hidden = F.relu(linear(images, copies["in"], copies["in_bias"]))
    scores = torch.bmm(hidden, copies["router"])
    if noise is not None:
        scores = scores + copies.knobs["noise"][:, None, None] * noise
    shares = torch.softmax(scores, -1)
    bias = copies.state.get("bias", torch.zeros(len(copies), EXPERTS))
    chosen = choose(shares, bias[:, None])
    # All experts are evaluated, which costs less than picking rows at this size.
    inner = F.relu(torch.einsum("knd,kedh->kneh", hidden, copies["up"]))
    output = torch.einsum("kneh,kehd->kned", inner, copies["down"])
    mixed = (output * (shares * chosen)[..., None]).sum(2)
    return linear(hidden + mixed, copies["out"], copies["out_bias"]), shares, chosen


def _least(run: TrainingRun, variants: Sequence[str], name: str) -> float:
    return float(min(final(run, name, each).min() for each in variants))


@EXPERIMENTS.register("experts")
class Experts(Experiment):
    """Digits → 32 → router → one of 8 experts 32-16-32, beside the residual → 10."""

    title = "Mixture of experts"
    summary = "Eight experts share the work, or seven of them die."
    story = (
        "Without balancing the router soon sends every digit to one expert, and the other seven "
        "learn nothing. Noise on the scores alone does not rescue them. A balancing loss, or a "
        "bias that is moved after each batch, keeps all eight at work. Accuracy does not care: "
        "digits do not need experts."
    )
    seeds = (0, 1, 2, 3, 4, 5)
    steps, every = 400, 10
    choices = (
        Choice(
            "balance", "Balancing weight c", "Of the balancing loss c · E · Σ f P.", 0.1, 0.0, 1.0
        ),
        Choice("noise", "Noise", "Standard deviation on the router's scores.", 1.0, 0.0, 4.0),
        Choice("learning_rate", "Learning rate", "Of Adam.", 3e-3, 1e-4, 3e-2),
    )
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(numbers.TEST_LOSS),
        "accuracy": Measured(numbers.TEST_ACCURACY),
        "load_entropy": Measured(
            Quantity(
                "Load entropy",
                "H/ln E",
                "%",
                digits=0,
                help="How evenly test digits are shared out, as a share of ln 8; 100 % is balance.",
                formula=r"-\frac{1}{\ln E}\sum_e f_e\ln f_e",
                source="Cai et al. 2024, arXiv 2407.06204.",
            ),
            lines=(Line("balance", 1.0),),
        ),
        "dead": Measured(
            Quantity(
                "Dead experts",
                "",
                "experts",
                high=8,
                digits=0,
                help="Given less than 1 % of the test digits.",
            )
        ),
        "token_entropy": Measured(
            Quantity(
                "Router entropy",
                "H/ln E",
                "%",
                digits=0,
                help="How undecided the router is about one digit, as a share of ln 8.",
                formula=r"-\frac{1}{\ln E}\sum_e p_e\ln p_e",
            )
        ),
        "information": Measured(
            Quantity(
                "Expert and digit",
                "I",
                high=2.1,
                help="What the choice of expert tells of the image: entropy of the mean choice "
                "minus mean entropy of the choices.",
                formula=r"H(\bar p)-\overline{H(p)}",
            )
        ),
        "class_information": Measured(
            Quantity(
                "Expert and class",
                "I",
                high=2.1,
                help="What the chosen expert tells of the digit's class.",
            )
        ),
        "load": Measured(
            Quantity("Load", "f", "%", digits=0, help="Share of the test digits given to it."),
            axes=("expert",),
        ),
        "class_shares": Measured(
            Quantity(
                "Share of all digits",
                "p",
                "%",
                high=0.1,
                digits=1,
                help="Test digits of a class that are given to an expert.",
            ),
            axes=("expert", "digit"),
        ),
    }
    telling = "load"
    expected = (
        Expected(
            "left_alone",
            "Without balancing, load entropy falls below .3 of ln 8.",
            lambda run: float(final(run, "load_entropy", "none").max()),
            0.0,
            0.3,
        ),
        Expected(
            "balanced",
            "With the loss or the bias it stays above .95.",
            lambda run: _least(run, ("balancing loss", "bias"), "load_entropy"),
            0.95,
            1.0,
        ),
        Expected(
            "dead_balanced",
            "With either no expert is dead.",
            lambda run: float(
                max(final(run, "dead", each).max() for each in ("balancing loss", "bias"))
            ),
            0,
            0,
        ),
        Expected(
            "dead_alone",
            "Without balancing 6 or 7 of the 8 are dead.",
            lambda run: float(final(run, "dead", "none").min()),
            6,
            7,
        ),
    )
    papers = (9,)
    cost = 4.5
    architecture = "64-32, router to one of 8 experts 32-16-32, 32-10"

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
        return [Group(variants, _init, self._loss, self._batch, after=self._rebalance)]

    def labels(self) -> dict[str, list[str]]:
        return {"expert": [str(i) for i in range(EXPERTS)], "digit": [str(i) for i in range(10)]}

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test = digits()[1]
        logits, shares, chosen = run_through(copies, test.images)
        load, joint = chosen.mean(1), class_shares(chosen, test.labels, 10)
        return {
            "loss": cross_entropy(logits, test.labels),
            "accuracy": accuracy(logits, test.labels),
            "load_entropy": load_entropy(load),
            "dead": dead_experts(load),
            "token_entropy": router_entropy(shares).mean(1) / math.log(EXPERTS),
            "information": expert_information(shares),
            "class_information": class_information(joint),
            "load": load,
            "class_shares": joint,
        }

    def _batch(self, generator: torch.Generator, step: int) -> tuple[Tensor, Tensor]:
        rows = torch.randint(0, len(digits()[0]), (64,), generator=generator)
        return rows, torch.randn(64, EXPERTS, generator=generator)

    def _loss(self, copies: Copies, batch: tuple[Tensor, Tensor]) -> Tensor:
        train = digits()[0][batch[0]]
        logits, shares, chosen = run_through(copies, train.images, batch[1])
        load = chosen.mean(1)
        if "bias" not in copies.state:
            copies.state["bias"] = torch.zeros(len(copies), EXPERTS)
        copies.state["load"] = load.detach()
        uneven = balancing(load, shares.mean(1))
        return cross_entropy(logits, train.labels) + copies.knobs["balance"] * uneven

    def _rebalance(self, copies: Copies, batch: object) -> None:
        bias, load = copies.state["bias"], copies.state["load"]
        copies.state["bias"] = balanced_bias(bias, load, copies.knobs["update"][:, None])
