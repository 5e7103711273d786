"""A model without some of its layers: a weaker one with the same tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .language import LanguageModel


@contextmanager
def without_layers(model: LanguageModel, left_out: Sequence[int]) -> Iterator[None]:
    """Let the layers numbered in ``left_out`` pass on what they get, until the block ends.

    They are still computed, which holds for every family; only what they give is not used.
    """

    def pass_on(_: Any, given: tuple[Any, ...], named: dict[str, Any], made: Any) -> Any:
        states = given[0] if given else named["hidden_states"]
        return (states, *made[1:]) if isinstance(made, tuple) else states

    handles = [
        model.layers[number].register_forward_hook(pass_on, with_kwargs=True) for number in left_out
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
