"""Adam and plain descent over parameters that hold one network a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


def per_copy(values: Tensor, like: Tensor) -> Tensor:
    """Return ``values`` [K] with as many axes as ``like`` [K, ...], to be multiplied with it."""
    return values.view(-1, *[1] * (like.dim() - 1))


@dataclass
class Adam:
    """Adam with bias correction (Kingma and Ba, 2015, arXiv 1412.6980), one rate a copy.

    Attributes:
        moments: first and second ones by parameter, empty before the first step.
        steps: done so far.
    """

    first: float = 0.9
    second: float = 0.999
    epsilon: float = 1e-8
    steps: int = 0
    moments: dict[str, Tensor] = field(default_factory=dict)

    def step(self, parameters: Parameters, gradients: Mapping[str, Tensor], rates: Tensor) -> None:
        """Change ``parameters`` [K, ...] in place; ``rates`` [K] are learning rates."""
        self.steps += 1
        for name, gradient in gradients.items():
            parameter = parameters[name]
            mean, square = (self._moment(f"{each} {name}", parameter) for each in (1, 2))
            mean.lerp_(gradient, 1 - self.first)
            square.mul_(self.second).addcmul_(gradient, gradient, value=1 - self.second)
            scale = (square / (1 - self.second**self.steps)).sqrt_().add_(self.epsilon)
            rate = per_copy(rates, parameter)
            parameter.sub_(rate * (mean / (1 - self.first**self.steps)) / scale)

    def _moment(self, name: str, parameter: Tensor) -> Tensor:
        if name not in self.moments:
            self.moments[name] = torch.zeros_like(parameter)
        return self.moments[name]


@dataclass
class Descent:
    """Gradient descent with momentum: m ← μ m + g, θ ← θ − rate · m, one rate a copy."""

    momentum: float = 0.0
    steps: int = 0
    moments: dict[str, Tensor] = field(default_factory=dict)

    def step(self, parameters: Parameters, gradients: Mapping[str, Tensor], rates: Tensor) -> None:
        """Change ``parameters`` [K, ...] in place; ``rates`` [K] are learning rates."""
        self.steps += 1
        for name, gradient in gradients.items():
            parameter = parameters[name]
            if self.momentum:
                if name not in self.moments:
                    self.moments[name] = torch.zeros_like(parameter)
                gradient = self.moments[name].mul_(self.momentum).add_(gradient)
            parameter.sub_(per_copy(rates, parameter) * gradient)


Optimiser = Adam | Descent
