"""What a model does between its last layer and its head: a norm, and in some families a map."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from ..errors import ModelError, NotDefinedError

if TYPE_CHECKING:
    from .language import LanguageModel


class HeldNorm(NamedTuple):
    """The final norm with the length of every state held fixed: a linear map and a constant.

    norm(h) = (h or h − mean(h)) · ``gain`` / ``scale`` + ``constant``, then ``project``.

    Attributes:
        gain, constant: [D].
        scale: of every state, [..., 1].
        centred: whether the mean is taken off (LayerNorm).
        project: [D′, D] or None: a linear map after it (OPT of some sizes).
    """

    gain: Tensor
    constant: Tensor
    scale: Tensor
    centred: bool
    project: Tensor | None

    def pull_back(self, direction: Tensor) -> Tensor:
        """Return w′ with w · norm(h) = w′ · h + w · norm(0), of directions w [..., D′]."""
        if self.project is not None:
            direction = direction @ self.project
        pulled = direction * self.gain / self.scale
        return pulled - pulled.mean(-1, keepdim=True) if self.centred else pulled

    def offset(self, direction: Tensor) -> Tensor:
        """Return w · norm(0), [...]."""
        if self.project is not None:
            direction = direction @ self.project
        return direction @ self.constant


def final_parts(model: LanguageModel) -> list[nn.Module]:
    """Return the modules that the last layer's output goes through, found on two tokens.

    Raises:
        ModelError: they do not make of it what the model makes.
    """
    last = model.layers[-1]
    owner = next(
        part
        for part in model.torch_model.modules()
        if any(
            isinstance(child, nn.ModuleList) and last in list(child) for child in part.children()
        )
    )
    called: list[nn.Module] = []
    states: list[Tensor] = []

    def after_last(_: nn.Module, __: object, output: Tensor | tuple[Tensor, ...]) -> None:
        called.clear()
        states.append(output if isinstance(output, Tensor) else output[0])

    with ExitStack() as hooks:
        hooks.callback(last.register_forward_hook(after_last).remove)
        for child in owner.children():
            seen = child.register_forward_hook(lambda part, *_: called.append(part))
            hooks.callback(seen.remove)
        expected = model.hidden_states(torch.tensor([[0, 1]]))
    with torch.inference_mode():
        found = states[-1]
        for part in called:
            found = part(found)
    if not torch.allclose(found.float(), expected.float(), rtol=0.02, atol=0.02, equal_nan=True):
        raise ModelError(
            f"{model.facts.name} ends in a way Entroscope does not know; its layers cannot be read."
        )
    return called


@torch.inference_mode()
def hold(parts: list[nn.Module], states: Tensor) -> HeldNorm:
    """Return what ``parts`` do to ``states`` [..., D], float32, their lengths held fixed.

    Raises:
        NotDefinedError: that is not a norm with a linear map after it.
    """
    size, norm = states.shape[-1], parts[0] if parts else nn.Identity()
    project = None
    for part in parts[1:]:
        if not isinstance(part, nn.Linear) or part.bias is not None:
            raise NotDefinedError("This model does more than a norm before its head.")
        weight = part.weight.detach().float()
        project = weight if project is None else weight @ project

    def run(rows: Tensor) -> Tensor:
        return norm(rows.to(states.dtype)).float()

    # Families write the gain of their norms in several ways (1 + w, w, none): it is measured, with
    # numbers so large that the ε under the root is nothing beside them.
    zero = run(states.new_zeros(1, size))[0]
    signs = states.new_ones(size)
    signs[1::2] = -1
    centred = bool((run(states.new_full((1, size), 4096.0)) - zero).abs().amax() < 1e-2)
    probe = signs.float() - signs.float().mean() if centred else signs.float()
    gain = (run(4096 * signs[None])[0] - zero) * probe.square().mean().sqrt() / probe
    rows = states.float()
    rows = rows - rows.mean(-1, keepdim=True) if centred else rows
    normed = run(states) - zero
    scale = (rows * gain).norm(dim=-1, keepdim=True) / normed.norm(dim=-1, keepdim=True)
    rest = (rows * gain / scale - normed).abs().amax()
    if not rest <= 0.02 * normed.abs().amax():
        raise NotDefinedError("What this model does before its head is not a norm of one length.")
    return HeldNorm(gain, zero, scale, centred, project)
