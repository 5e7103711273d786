"""Activation functions: the same network with six of them, CRReLU against ReLU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..measures.activations import binned_entropy, crrelu, near_zero_share
from ..quantities import Quantity
from ..runs.training import Line, Measured, TrainingRun
from .data import digits
from .engine import numbers
from .engine.base import EXPERIMENTS, Choice, Expected, Experiment, at_step, mean_over_seeds
from .engine.layers import accuracy, cross_entropy, linear, mean_entropy, mlp
from .engine.optimisers import Parameters
from .engine.side_by_side import Copies, Group, Variant

NAMES = ("ReLU", "CRReLU", "GELU", "leaky ReLU", "tanh", "sigmoid")
DEPTH, WIDTH, START = 3, 64, 0.01
FIXED = (-3.0, 3.0)


def activate(name: str, x: Tensor, epsilon: Tensor) -> Tensor:
    """Return an activation function of x [S, n, W]; ``epsilon`` [S, 1, 1] is CRReLU's."""
    match name:
        case "ReLU":
            return F.relu(x)
        case "CRReLU":
            return crrelu(x, epsilon)
        case "GELU":
            return F.gelu(x)
        case "leaky ReLU":
            return F.leaky_relu(x, 0.01)
        case "tanh":
            return torch.tanh(x)
        case _:
            return torch.sigmoid(x)


def _init(generator: torch.Generator) -> Parameters:
    made = mlp((64, *[WIDTH] * DEPTH, 10))(generator)
    return {**made, "epsilon": torch.full((DEPTH, 1, 1), START)}


def run_through(copies: Copies, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits [K, n, 10] and the last layer's activations [K, n, 64]."""
    hidden = images
    for layer in range(DEPTH):
        before = linear(hidden, copies[f"w{layer}"], copies[f"b{layer}"])
        epsilon = copies["epsilon"][:, layer]
        hidden = torch.cat(
            [
                activate(name, before[copies.of(i)], epsilon[copies.of(i)])
                for i, name in enumerate(NAMES)
            ]
        )
    return linear(hidden, copies["w"], copies["b"]), hidden


def _lower_in(run: TrainingRun, step: int) -> float:
    """Return in how many of the seeds CRReLU's loss is below ReLU's, as a share."""
    at = at_step(run, step)
    return float((run.of("loss", "CRReLU")[at] < run.of("loss", "ReLU")[at]).mean())


@EXPERIMENTS.register("activations")
class Activations(Experiment):
    """Digits, 64-64-64-64-10, all activations in one group: slices of its copies."""

    title = "Activation functions"
    summary = "Six activation functions race on handwritten digits."
    story = (
        "CRReLU is ReLU plus a small bump that it learns to size: ε grows tenfold, most in the "
        "first layer, and its loss stays below ReLU's. GELU is better still. The paper calls the "
        "activation of highest entropy the worst: sigmoid has the highest and is worst, but tanh "
        "has nearly as much and is fine, so that entropy alone ranks nothing. It also depends on "
        "how the histogram is cut."
    )
    seeds = (0, 1, 2, 3)
    steps, every = 600, 10
    choices = (Choice("learning_rate", "Learning rate", "Of Adam, for all.", 1e-3, 1e-4, 1e-2),)
    measured: ClassVar[Mapping[str, Measured]] = {
        "loss": Measured(numbers.TEST_LOSS),
        "accuracy": Measured(numbers.TEST_ACCURACY),
        "prediction_entropy": Measured(numbers.PREDICTION_ENTROPY),
        "histogram_entropy": Measured(
            Quantity(
                "Histogram entropy",
                "H",
                high=4.2,
                help="Of the last layer's activations, in 64 bins between each network's own "
                "least and greatest one.",
                formula=r"-\sum_b p_b\ln p_b",
                source="Sun et al. 2024, arXiv 2405.12954; bins ours.",
            ),
            lines=(Line("64 bins alike", 4.1589),),
        ),
        "fixed_histogram_entropy": Measured(
            Quantity(
                "Histogram entropy, fixed bins",
                "H",
                high=4.2,
                help="The same in 64 bins between −3 and 3; what lies beyond counts in the last.",
                formula=r"-\sum_b p_b\ln p_b",
            ),
        ),
        "sparsity": Measured(
            Quantity("Sparsity", "s", "%", help="Activations of the last layer below 0.01 in size.")
        ),
        "epsilon": Measured(
            Quantity("CRReLU's ε", "ε", "", high=0.25, help="The size of the bump, by layer."),
            axes=("layer",),
        ),
    }
    telling = "epsilon"
    expected = (
        Expected(
            "crrelu_below_relu",
            "CRReLU's test loss is below ReLU's at step 100.",
            lambda run: _lower_in(run, 100),
            0.83,
            1.0,
        ),
        Expected(
            "epsilon_first_layer",
            "ε of the first layer has grown from .01 to .15–.23.",
            lambda run: float(run.of("epsilon", "CRReLU")[-1, :, 0].mean()),
            0.15,
            0.23,
        ),
        Expected(
            "sigmoid_worst",
            "Sigmoid has the highest histogram entropy and the highest loss.",
            lambda run: (
                mean_over_seeds(run, "loss", "sigmoid")
                - max(mean_over_seeds(run, "loss", each) for each in NAMES[:-1])
            ),
            0.1,
            2.0,
        ),
    )
    papers = (11,)
    cost = 6.1
    architecture = "64-64-64-64-10"

    def groups(self) -> Sequence[Group]:
        rate = self.number("learning_rate")
        variants = tuple(Variant(name, rate) for name in NAMES)
        return [Group(variants, _init, self._loss, self._batch)]

    def labels(self) -> dict[str, list[str]]:
        return {"layer": [str(layer + 1) for layer in range(DEPTH)]}

    def measure(self, copies: Copies) -> Mapping[str, Tensor]:
        test = digits()[1]
        logits, hidden = run_through(copies, test.images)
        return {
            "loss": cross_entropy(logits, test.labels),
            "accuracy": accuracy(logits, test.labels),
            "prediction_entropy": mean_entropy(logits),
            "histogram_entropy": binned_entropy(hidden),
            "fixed_histogram_entropy": binned_entropy(hidden, ends=FIXED),
            "sparsity": near_zero_share(hidden),
            "epsilon": copies["epsilon"][:, :, 0, 0],
        }

    def _batch(self, generator: torch.Generator, step: int) -> Tensor:
        return torch.randint(0, len(digits()[0]), (64,), generator=generator)

    def _loss(self, copies: Copies, batch: Tensor) -> Tensor:
        train = digits()[0][batch]
        return cross_entropy(run_through(copies, train.images)[0], train.labels)
