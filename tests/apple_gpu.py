"""An Apple GPU for machines without one: what it cannot do raises, as it does there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

MPS = torch.device("mps")
_FACTORISATIONS = ("linalg_qr", "linalg_svd", "linalg_matrix_norm")


class AppleTensor(torch.Tensor):
    """Numbers that lie on the pretended GPU."""


class AppleGpu(TorchFunctionMode):
    """While it is entered, ``on_gpu`` tensors say that they are on "mps" and act like it."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
        here = any(isinstance(each, AppleTensor) for each in tensors)
        name = getattr(func, "__name__", "")
        if getattr(func, "__self__", None) is torch.Tensor.device:
            return MPS if here else torch.device("cpu")
        if name in ("to", "cpu"):
            wanted = next((each for each in (*args, *kwargs.values()) if _is_device(each)), None)
            here = name == "to" and (here if wanted is None else torch.device(wanted) == MPS)
            args = tuple("cpu" if _is_device(each) else each for each in args)
        if kwargs.get("device") is not None:
            here |= torch.device(kwargs.pop("device")) == MPS
        with torch._C.DisableTorchFunctionSubclass():
            answer = func(*args, **kwargs)
            _refuse_what_is_missing(name, tensors, answer, here=here)
            return _moved(answer, AppleTensor if here else torch.Tensor)


def on_gpu(tensor: torch.Tensor) -> torch.Tensor:
    """Return ``tensor`` as if it were on the pretended GPU."""
    return tensor.as_subclass(AppleTensor)


def _refuse_what_is_missing(
    name: str, tensors: list[torch.Tensor], answer: Any, *, here: bool
) -> None:
    if not here:
        return
    answers = [each for each in tree_leaves(answer) if isinstance(each, torch.Tensor)]
    if any(each.dtype == torch.float64 for each in answers):
        raise TypeError("the MPS framework doesn't support float64")
    if name in ("topk", "sort") and tensors[0].dtype == torch.int64:
        raise TypeError("int64 is sorted as int32")
    if name in _FACTORISATIONS:
        raise NotImplementedError(f"{name} is not implemented for MPS")


def _moved(answer: Any, kind: type[torch.Tensor]) -> Any:
    def move(each: Any) -> Any:
        return each.as_subclass(kind) if isinstance(each, torch.Tensor) else each

    return tree_map(move, answer)


def _is_device(value: Any) -> bool:
    return isinstance(value, torch.device) or value in ("cpu", "mps")
