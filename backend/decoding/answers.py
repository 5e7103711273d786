"""Many answers to one prompt: read once, then every seed and temperature side by side."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..measures.distribution import top
from ..progress import Report, ignore
from ..runs.answers import Ending
from ..runs.trajectories import TrajectoryRequest, plans
from ..taps.residual import ResidualTap
from .decoder import Decoded, Decoder
from .endings import end_ids

if TYPE_CHECKING:
    from ..models.language import LanguageModel


@dataclass(frozen=True)
class Asking:
    """How answers are drawn.

    Attributes:
        answers: N, at each temperature.
        temperatures: V; answers of one number share their luck over all of them.
        longest: the most tokens of an answer, its end included.
        one_line: whether a line break ends an answer.
        seed: of the first answer; the next have the next ones.
        top_n: how many of the most likely tokens to keep of every step.
    """

    answers: int = 10
    temperatures: tuple[float, ...] = (1.0,)
    longest: int = 24
    one_line: bool = True
    seed: int = 1
    top_n: int = 10


class Sampled:
    """V × N answers so far; empty cells are NaN, and −1 in ids.

    Attributes:
        token_ids: int32 [V, N, longest], with what ended each.
        entropy, surprisal: float32 likewise, of the model's own distribution; nats.
        top_ids, top_logprobs: [V, N, longest, K].
        states: float32 [V, N, D], after half of the layers, at the last token before the one
            that ends an answer; of the prompt where there is none. NaN while it is written.
        endings: why each ended, [V × N]; None while it is written.
    """

    def __init__(self, asking: Asking, model: LanguageModel) -> None:
        shape = (len(asking.temperatures), asking.answers, asking.longest)
        self.token_ids = np.full(shape, -1, np.int32)
        self.entropy = np.full(shape, np.nan, np.float32)
        self.surprisal = np.full(shape, np.nan, np.float32)
        kept = min(asking.top_n, model.facts.vocab_size)
        self.top_ids = np.full((*shape, kept), -1, np.int32)
        self.top_logprobs = np.full((*shape, kept), np.nan, np.float32)
        self.states = np.full((*shape[:2], model.facts.hidden_size), np.nan, np.float32)
        self.endings: list[Ending | None] = [None] * (shape[0] * shape[1])

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each answer, int32 [V, N]."""
        return (self.token_ids >= 0).sum(-1).astype(np.int32)

    def ids(self, temperature: int, answer: int) -> list[int]:
        """Return the tokens of one answer."""
        own = self.token_ids[temperature, answer]
        return own[own >= 0].tolist()

    def snapshot(self) -> Sampled:
        """Return a copy that what is drawn next does not change."""
        found = copy(self)
        for name, value in vars(self).items():
            setattr(found, name, value.copy())
        return found


def sample_answers(
    model: LanguageModel,
    prompt: Tensor,
    asking: Asking,
    on_step: Callable[[int, Sampled], None] = lambda step, sampled: None,
    report: Report = ignore,
) -> Sampled:
    """Draw answers to ``prompt``, int64 [P].

    An answer's tokens depend on its own seed and temperature only; see ``Decoder``. Distributions
    are looked at as they come and not kept.

    Args:
        model: that answers.
        prompt: its tokens.
        asking: how.
        on_step: called with the number of steps done and what there is by then.
        report: hears of the layers while the prompt is read.

    Raises:
        ModelError: the model gave something that is not a number.
        CancelledError: ``report`` or ``on_step`` said so.
    """
    decoder = Decoder(model, prompt, _request(model, asking))
    sampled, middle = Sampled(asking, model), _Middle(len(model.layers) // 2)
    ends = end_ids(model)
    with torch.inference_mode(), ResidualTap.watching(model, [middle]):
        decoder.read(prompt, report)
        for step, decoded in enumerate(decoder.steps()):
            # One step further than is drawn: for the states of answers that are cut.
            found: dict[int, Ending] = dict.fromkeys(decoded.rows.tolist(), "length")
            if step < asking.longest:
                _add(sampled, decoded, step, asking.top_n)
                found = _ended(model, asking, decoded, ends)
            _finish(sampled, decoded, middle.last, found)
            decoder.leave(torch.tensor(sorted(found), dtype=torch.long))
            on_step(min(step + 1, asking.longest), sampled)
    return sampled


class _Middle(ResidualTap):
    """Keeps the last token's state after a layer, of the rows that were read last, [R, D]."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self.last = torch.empty(0)

    def on_residual(self, depth: int, hidden: Tensor) -> None:
        if depth == self._depth:
            self.last = hidden[:, -1].float()


def _request(model: LanguageModel, asking: Asking) -> TrajectoryRequest:
    return TrajectoryRequest(
        model=model.spec,
        prompt=" ",
        samplers=plans([("temperature", {"temperature": each}) for each in asking.temperatures]),
        seeds=tuple(range(asking.seed, asking.seed + asking.answers)),
        steps=asking.longest + 1,
    )


def _add(sampled: Sampled, decoded: Decoded, step: int, top_n: int) -> None:
    at = (*_places(sampled, decoded.rows), step)
    raw, chosen = decoded.raw, decoded.chosen[:, None]
    best = top(raw.logits, top_n)
    sampled.token_ids[at] = decoded.chosen.cpu().numpy()
    sampled.entropy[at] = raw.entropy.cpu().numpy()
    sampled.surprisal[at] = -raw.log_probs.gather(-1, chosen)[:, 0].cpu().numpy()
    sampled.top_ids[at] = best.cpu().numpy()
    sampled.top_logprobs[at] = raw.log_probs.gather(-1, best).cpu().numpy()


def _ended(
    model: LanguageModel, asking: Asking, decoded: Decoded, ends: set[int]
) -> dict[int, Ending]:
    found: dict[int, Ending] = {}
    for row, token in zip(decoded.rows.tolist(), decoded.chosen.tolist(), strict=True):
        if token in ends:
            found[row] = "end"
        elif asking.one_line and "\n" in model.tokenizer.token_text(token):
            found[row] = "line"
    return found


def _finish(sampled: Sampled, decoded: Decoded, last: Tensor, found: dict[int, Ending]) -> None:
    if not found:
        return
    # The prompt is read as one row, which all answers come from.
    states = last.expand(len(decoded.rows), -1).cpu().numpy()
    rows = decoded.rows.tolist()
    for row, ending in found.items():
        sampled.endings[row] = ending
        sampled.states[divmod(row, sampled.states.shape[1])] = states[rows.index(row)]


def _places(sampled: Sampled, rows: Tensor) -> tuple[np.ndarray, np.ndarray]:
    return np.divmod(rows.numpy(), sampled.states.shape[1])
