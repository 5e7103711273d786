"""Any-order networks: of what is seen of a picture, each other pixel and the log-probability.

Two networks of one shape, an input layer, one residual block and an output layer. The first learns
p(x_i | x_s) for all i that are not seen; the second starts from it and learns f(x_s) = log p(x_s),
of which one pass is enough. f is g(x_s) − g(∅), so that f of nothing is 0 exactly; the paper's code
pulls it there by a penalty.

Source: Liu, Ramadge and Adams 2023, arXiv 2310.12920, in its two stages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor

from ...progress import Progress, Report, ignore
from ..data import digits

Parameters = dict[str, Tensor]
Draw = Callable[[Generator], Tensor]
"""A batch of whole pictures, float32 [B, X] of 0 and 1."""

WEIGHTS = Path(__file__).parents[1] / "data" / "digit_marginals.safetensors"
WIDTH, STEPS, RATE, SEED = 128, 6000, 2e-3, 0
"""Of the shipped networks of digits."""
INK = 0.5
"""Grey from which a pixel of a digit counts as ink."""
SCALE = 10.0
"""Of f's output, so that tens of nats are in reach of small weights."""
FLIPPED = 0.1
"""The second network sees pictures with up to this share of pixels turned over: f has to hold for
what is no digit too."""
TOLD = 50


@dataclass(frozen=True)
class AnyOrder:
    """Two networks for pictures of X pixels."""

    conditionals: Parameters
    marginals: Parameters

    @property
    def pixels(self) -> int:
        """How many a picture has."""
        return len(self.conditionals["out.bias"])

    @property
    def size(self) -> int:
        """Parameters of both."""
        both = (*self.conditionals.values(), *self.marginals.values())
        return sum(each.numel() for each in both)

    def log_odds(self, pictures: Tensor, seen: Tensor) -> Tensor:
        """Return the logit of p(x_i = 1 | x_s), [B, X]; of use only where i is not seen."""
        return forward(self.conditionals, pictures, seen)

    def log_marginal(self, pictures: Tensor, seen: Tensor) -> Tensor:
        """Return f(x_s), [B], nats."""
        return _marginal(self.marginals, pictures, seen)


def forward(parameters: Parameters, pictures: Tensor, seen: Tensor) -> Tensor:
    """Return what a network says of pictures [B, X] of which ``seen`` [B, X] is seen."""
    hidden = _linear(parameters, "in", torch.cat([seen, seen * (2 * pictures - 1)], -1))
    inner = F.gelu(_linear(parameters, "first", _normed(parameters, "norm", hidden)))
    hidden = hidden + _linear(parameters, "second", inner)
    return _linear(parameters, "out", _normed(parameters, "last", hidden))


def learn(
    draw: Draw, pixels: int, width: int, steps: int, seed: int, report: Report = ignore
) -> AnyOrder:
    """Train both networks, one after the other.

    Args:
        draw: what to learn from.
        pixels: of a picture.
        width: of the networks.
        steps: of each.
        seed: of first weights, batches and orders.
        report: told of every ``TOLD``th step.

    Raises:
        CancelledError: ``report`` said so.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # steps are too small to be shared out, and are the same everywhere
    try:
        return _learned(draw, pixels, width, steps, seed, report)
    finally:
        torch.set_num_threads(before)


def _learned(
    draw: Draw, pixels: int, width: int, steps: int, seed: int, report: Report
) -> AnyOrder:
    generator = torch.Generator().manual_seed(seed)
    conditionals = _init(pixels, width, generator)

    def any_order(pictures: Tensor) -> Tensor:
        before, _, place = _steps(pictures, generator)
        losses = _surprisals(forward(conditionals, pictures, before), pictures) * (1 - before)
        return (losses.sum(1) * pixels / (pixels - place)).mean()

    _descend(
        conditionals, lambda: any_order(draw(generator)), steps, 0.1,
        lambda done: report(Progress(done, 2 * steps, "Learning each pixel from the others")),
    )  # fmt: skip
    conditionals = {name: each.detach() for name, each in conditionals.items()}
    marginals = {name: each.clone() for name, each in conditionals.items()}
    marginals |= {"out.weight": torch.zeros(1, width), "out.bias": torch.zeros(1)}

    def step(pictures: Tensor) -> Tensor:
        pictures = _flipped(pictures, generator)
        before, after, _ = _steps(pictures, generator)
        with torch.no_grad():
            surprisals = _surprisals(forward(conditionals, pictures, before), pictures)
        log_p = -(surprisals * (after - before)).sum(1)
        one, other = _marginal(marginals, pictures, before), _marginal(marginals, pictures, after)
        return (one + log_p - other).square().mean()

    _descend(
        marginals, lambda: step(draw(generator)), steps, 0.01,
        lambda done: report(Progress(steps + done, 2 * steps, "Learning what one pass says")),
    )  # fmt: skip
    return AnyOrder(conditionals, {name: each.detach() for name, each in marginals.items()})


def learn_digits(report: Report = ignore) -> AnyOrder:
    """Train the networks of digits as those that ship were trained."""
    pictures = binary_digits()[0]

    def draw(generator: Generator) -> Tensor:
        return pictures[torch.randint(len(pictures), (128,), generator=generator)]

    return learn(draw, pictures.shape[1], WIDTH, STEPS, SEED, report)


@cache
def binary_digits() -> tuple[Tensor, Tensor]:
    """Return digits to learn from and to test with, float32 [n, 64] of 0 and 1."""
    learned, tested = digits()
    return (learned.images >= INK).float(), (tested.images >= INK).float()


def save(network: AnyOrder, path: Path = WEIGHTS) -> None:
    """Write both networks as one file, in float16: it changes f by hundredths of a nat."""
    named = {"conditionals": network.conditionals, "marginals": network.marginals}
    weights = {f"{of}.{name}": each.half() for of in named for name, each in named[of].items()}
    save_file(weights, path)


@cache
def shipped() -> AnyOrder:
    """Return the networks of digits that ship."""
    weights = {name: each.float() for name, each in load_file(WEIGHTS).items()}
    return AnyOrder(_of(weights, "conditionals."), _of(weights, "marginals."))


def _of(weights: Parameters, prefix: str) -> Parameters:
    return {
        name.removeprefix(prefix): each for name, each in weights.items() if name.startswith(prefix)
    }


def _linear(parameters: Parameters, name: str, values: Tensor) -> Tensor:
    return F.linear(values, parameters[f"{name}.weight"], parameters[f"{name}.bias"])


def _normed(parameters: Parameters, name: str, values: Tensor) -> Tensor:
    weight = parameters[f"{name}.weight"]
    return F.layer_norm(values, weight.shape, weight, parameters[f"{name}.bias"])


def _init(pixels: int, width: int, generator: Generator) -> Parameters:
    """Return first weights, uniform by the number of inputs."""
    found = {}
    sizes = {"in": (2 * pixels, width), "first": (width, width), "second": (width, width)}
    for name, (inputs, outputs) in {**sizes, "out": (width, pixels)}.items():
        most = inputs**-0.5
        found[f"{name}.weight"] = most * (2 * torch.rand(outputs, inputs, generator=generator) - 1)
        found[f"{name}.bias"] = torch.zeros(outputs)
    for name in ("norm", "last"):
        found |= {f"{name}.weight": torch.ones(width), f"{name}.bias": torch.zeros(width)}
    return found


def _marginal(parameters: Parameters, pictures: Tensor, seen: Tensor) -> Tensor:
    nothing = torch.zeros_like(pictures[:1])
    of_nothing = forward(parameters, nothing, nothing)
    return SCALE * (forward(parameters, pictures, seen) - of_nothing)[:, 0]


def _steps(pictures: Tensor, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is seen before and after one more pixel of a random order, and how many [B]."""
    count, pixels = pictures.shape
    place = torch.randint(pixels, (count, 1), generator=generator)
    ranks = torch.rand(count, pixels, generator=generator).argsort(1).argsort(1)
    return (ranks < place).float(), (ranks <= place).float(), place[:, 0]


def _surprisals(log_odds: Tensor, pictures: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(log_odds, pictures, reduction="none")


def _flipped(pictures: Tensor, generator: Generator) -> Tensor:
    """Return the first half as it is, and of the others some pixels turned over."""
    share = torch.rand(2, len(pictures), 1, generator=generator).prod(0) * FLIPPED
    share[: len(pictures) // 2] = 0
    turned = torch.rand(pictures.shape, generator=generator) < share
    return (pictures - turned.float()).abs()


def _descend(
    parameters: Parameters, loss: Callable[[], Tensor], steps: int, decay: float,
    told: Callable[[int], None],
) -> None:  # fmt: skip
    """Change ``parameters`` in place so that a loss falls; the rate rises, then falls to 0."""
    weights = list(parameters.values())
    for each in weights:
        each.requires_grad_()
    optimiser = torch.optim.AdamW(weights, RATE, weight_decay=decay)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for done in range(steps):
        if done % TOLD == 0:
            told(done)
        optimiser.zero_grad()
        with torch.enable_grad():
            value = loss()
        value.backward()
        torch.nn.utils.clip_grad_norm_(weights, 5.0)
        optimiser.step()
        rate.step()
