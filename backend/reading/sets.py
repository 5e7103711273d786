"""Reading a set of options whose order cannot matter, where a family's attention lets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import EntroscopeError, NotDefinedError
from ..measures.set_based import set_mask, set_positions
from ..models.body import body_of, family_failures

if TYPE_CHECKING:
    from ..models.language import LanguageModel

# Right families differ by the order of their sums only, wrong ones by several hundredths.
_FLOAT32, _HALF = 2e-3, 0.1


@dataclass(frozen=True)
class SetPrompt:
    """A prompt in parts, each tokenised by itself.

    Attributes:
        prefix, suffix: ids before and behind the options.
        options: ids of each.
    """

    prefix: list[int]
    options: list[list[int]]
    suffix: list[int]

    def ids(self) -> list[int]:
        """Return all ids, in the order of their parts."""
        return [*self.prefix, *(token for each in self.options for token in each), *self.suffix]

    def sizes(self) -> tuple[int, list[int], int]:
        """Return the tokens of prefix, options and suffix."""
        return len(self.prefix), [len(each) for each in self.options], len(self.suffix)

    def sorted(self) -> SetPrompt:
        """Return the same set in the one order that its tokens give it.

        What is read is then the same numbers in the same places, and differs by nothing.
        """
        return SetPrompt(self.prefix, sorted(self.options), self.suffix)


@torch.inference_mode()
def read_sets(
    model: LanguageModel, prompts: Sequence[SetPrompt], *, mask: bool = True, positions: bool = True
) -> Tensor:
    """Return hidden states [R, T, D] of prompts of as many tokens each.

    Args:
        model: to read with.
        prompts: R of them.
        mask: whether options do not see each other.
        positions: whether all options begin at one place.

    Raises:
        ModelError: the code of this family fails.
    """
    ids = torch.tensor([each.ids() for each in prompts], device=model.device)
    rows, tokens = ids.shape
    sees = torch.ones(tokens, tokens, dtype=torch.bool).tril().repeat(rows, 1, 1)
    places = torch.arange(tokens).repeat(rows, 1)
    for row, each in enumerate(prompts):
        if mask:
            sees[row] = set_mask(*each.sizes())
        if positions:
            places[row] = set_positions(*each.sizes())
    least = torch.finfo(model.dtype).min
    added = torch.zeros(rows, 1, tokens, tokens, dtype=model.dtype)
    added = added.masked_fill(~sees[:, None], least).to(model.device)
    config = model.torch_model.config.get_text_config(decoder=True)
    kinds = set(getattr(config, "layer_types", None) or ())
    given = dict.fromkeys(kinds, added) if "sliding_attention" in kinds else added
    with family_failures(model.facts.name):
        return body_of(model.torch_model)(
            input_ids=ids, attention_mask=given, position_ids=places.to(model.device),
            use_cache=False,
        ).last_hidden_state  # fmt: skip


def check_sets(model: LanguageModel, prompt: SetPrompt) -> None:
    """Refuse a model whose attention does not take such a mask and positions; tried on the prompt.

    Raises:
        NotDefinedError: with the reason.
    """
    name, family = model.facts.name, model.torch_model.config.model_type
    if not model.takes_positions:
        raise NotDefinedError(
            f"{name} ({family}) counts the places of tokens by itself (ALiBi, or a state), so that "
            "options cannot all begin at one place."
        )
    window = getattr(model.torch_model.config.get_text_config(decoder=True), "sliding_window", None)
    if window and len(prompt.ids()) > window:
        raise NotDefinedError(
            f"{name} ({family}) looks back over {window:,} tokens in some layers; this prompt has "
            f"{len(prompt.ids()):,}, and its mask would undo that."
        )
    try:
        off = max(_off(model, prompt))
    except EntroscopeError as error:
        raise NotDefinedError(
            f"The attention of {name} ({family}) takes no mask of its own: {error}"
        ) from error
    if off > (_FLOAT32 if model.dtype in (torch.float32, torch.float64) else _HALF):
        raise NotDefinedError(
            f"The attention of {name} ({family}) does not follow such a mask: an option that sees "
            f"only what comes before the set was off by {off:.0%}."
        )


def _off(model: LanguageModel, prompt: SetPrompt) -> tuple[float, float]:
    """Return how far a plain mask is from none, and an option of a set from itself alone."""
    plain = read_sets(model, [prompt], mask=False, positions=False)
    usual = model.hidden_states(torch.tensor([prompt.ids()]))
    last = prompt.options[-1]
    alone = model.hidden_states(torch.tensor([[*prompt.prefix, *last]]))[:, len(prompt.prefix) :]
    end = len(prompt.ids()) - len(prompt.suffix)
    within = read_sets(model, [prompt])[:, end - len(last) : end]
    return _distance(plain, usual), _distance(within, alone)


def _distance(one: Tensor, other: Tensor) -> float:
    apart = (one.float() - other.float()).norm(dim=-1) / other.float().norm(dim=-1)
    return apart.max().item()
