"""Many continuations of one context: the context is read once, the continuations as a batch.

Context and continuation are tokenised apart and joined as ids: read together, tokens could merge
across the seam, and two hypotheses would differ in more than their words. Log-probabilities are
the model's own (temperature 1, the whole vocabulary), in nats.

Rows are padded on the right and only real places are read: a causal model cannot see what stands
behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError, OverBudgetError
from ..measures.distribution import in_parts, log_probabilities, moments
from ..models.memory import study_memory
from ..models.self_test import reads_blocks
from ..progress import Progress, Report, ignore
from .batches import BATCH_TOKENS, batch_cost, plan_batches
from .footprint import forward_bytes

if TYPE_CHECKING:
    from ..models.language import LanguageModel
    from ..models.tokenizer import Encoding

Ids = Sequence[int] | np.ndarray

# Texts that tokens seldom merge with; a vocabulary without one of them spells it in bytes.
_GUARDS = ("\n", ":", "：", "\u2603")
# What the repeated context may take in one batch, in bytes.
_PAST_BYTES = 512 * 2**20
# Logits of one call of the head, in bytes.
_HEAD_BYTES = 30 * 2**20


@dataclass(frozen=True, eq=False)
class Continuation:
    """One continuation of n tokens, scored.

    Attributes:
        ids: int32 [n].
        tokens: display text of each.
        logprobs: float32 [n]; log p of each token after the context and the tokens before it.
    """

    ids: np.ndarray
    tokens: list[str]
    logprobs: np.ndarray

    @property
    def total(self) -> float:
        """Log p of the whole continuation, nats."""
        return float(self.logprobs.sum(dtype=np.float64))

    @property
    def mean(self) -> float:
        """Log p a token, nats."""
        return float(self.logprobs.mean(dtype=np.float64))


def score_continuations(
    model: LanguageModel,
    context: str | Ids,
    continuations: Sequence[str],
    report: Report = ignore,
) -> list[Continuation]:
    """Return log p(continuation | context) of each continuation, in their order.

    Args:
        model: to read with.
        context: text (look-alikes of control tokens are read as text), or token ids of at least
            one token: nothing would predict the first token of a continuation.
        continuations: texts that follow it, each with its own leading space where there is one.
        report: hears of every layer, and may stop the reading.

    Raises:
        InputError: there is no context or no continuation, or one of them is empty.
        OverBudgetError: one is longer than the model's context, or the memory ran out.
        CancelledError: ``report`` said so.
    """
    if isinstance(context, str):
        context = context_ids(model, context)
    if not continuations:
        raise InputError("There is nothing to score; give at least one continuation.")
    return score_ids(model, context, [behind(model, each) for each in continuations], report)


def score_ids(
    model: LanguageModel,
    context: Ids,
    continuations: Sequence[Ids],
    report: Report = ignore,
) -> list[Continuation]:
    """Return what ``score_continuations`` does, for tokens instead of texts."""
    if not all(len(each) for each in continuations):
        raise InputError("A continuation is empty; each needs at least one token.")
    targets = [torch.as_tensor(np.asarray(each), dtype=torch.long) for each in continuations]
    found: list[Continuation] = [None] * len(targets)  # type: ignore[list-item]
    # Nothing is read behind the last token of a continuation.
    tails = [each[:-1] for each in continuations]
    with _memory(model, len(tails)):
        for row, hidden in read_behind(model, context, tails, report):
            ids = targets[row]
            logprobs = _log_probabilities(model, hidden, ids[:, None])[:, 0]
            tokens = [model.tokenizer.token_text(each) for each in ids.tolist()]
            found[row] = Continuation(ids.numpy().astype(np.int32), tokens, logprobs)
    return found


def next_log_probabilities(
    model: LanguageModel,
    context: Ids,
    tails: Sequence[Ids],
    candidates: Ids,
    report: Report = ignore,
) -> np.ndarray:
    """Return log p of each candidate to come right after the context and each tail.

    Args:
        model: to read with.
        context: token ids, at least one.
        tails: N lists of ids that follow it; empty ones too.
        candidates: K token ids.
        report: as in ``score_continuations``.

    Returns:
        float32 [N, K], nats, under the whole vocabulary.
    """
    wanted = torch.as_tensor(np.asarray(candidates), dtype=torch.long)[None]
    found = np.empty((len(tails), wanted.shape[1]), np.float32)
    with _memory(model, len(tails)):
        for row, hidden in read_behind(model, context, tails, report):
            found[row] = _log_probabilities(model, hidden[-1:], wanted)[0]
    return found


@torch.inference_mode()
def read_behind(
    model: LanguageModel, context: Ids, tails: Sequence[Ids], report: Report = ignore
) -> Iterator[tuple[int, Tensor]]:
    """Read ``context`` once and every tail behind it.

    Yields:
        The number of each tail of n tokens, and hidden states [n + 1, D]: after the context, and
        after each token of the tail. Not in the order of ``tails``.

    Raises:
        InputError: the context has no token.
        OverBudgetError: a text is longer than the model's context.
        CancelledError: ``report`` said so.
    """
    if not len(context):
        raise InputError("The context has no token, so that nothing predicts what follows it.")
    lengths = {row: len(tail) for row, tail in enumerate(tails)}
    _check_length(model, len(context), max(lengths.values(), default=0))
    before = torch.as_tensor(np.asarray(context), dtype=torch.long)
    if _reads_apart(model, len(context) + max(lengths.values(), default=0)):
        yield from _one_by_one(model, before, tails, report)
    else:
        yield from _as_batches(model, before, tails, lengths, report)


def scoring_bytes(model: LanguageModel, context: int, tails: Sequence[int]) -> int:
    """Return the peak memory of scoring tails of these lengths on top of the weights."""
    longest = max(tails, default=0)
    rows = min(len(tails), _most_rows(model, context + longest))
    tokens = max(context, min(sum(tails), max(BATCH_TOKENS, longest)))
    past = rows * (context + longest) * _past_bytes(model)
    return 2 * past + forward_bytes(model, tokens, context + longest) + 3 * _HEAD_BYTES


def scoring_work(model: LanguageModel, context: int, tails: Sequence[int]) -> float:
    """Return about how many multiplications that takes."""
    return float(model.facts.parameters) * (context + max(tails, default=0) + sum(tails))


def context_ids(model: LanguageModel, text: str) -> np.ndarray:
    """Return the tokens of a context, int32 [T].

    Raises:
        InputError: it is empty, or the tokenizer refuses it.
    """
    ids = model.tokenizer.encode(text).ids
    if not len(ids):
        raise InputError("The context is empty; give at least one character.")
    return ids


def behind(model: LanguageModel, text: str) -> np.ndarray:
    """Return the tokens that spell exactly ``text`` behind other tokens, int32 [n].

    Some tokenizers put a space in front of every text (Llama 2); here none is added.

    Raises:
        InputError: the text is empty, or the tokenizer cannot write it behind another.
    """
    if not text:
        raise InputError("A continuation is empty; give at least one character.")
    read, before = model.tokenizer.encode, model.tokenizer.encode("x").ids
    whole = read(text)
    for ids in _spellings(read, text):
        if model.tokenizer.decode([*before, *ids]) == f"x{text}":
            return ids
    if not whole.exact:  # a tokenizer that rewrites texts (lower case) rewrites this one too
        return whole.ids
    raise InputError(f"{model.facts.name} cannot write {text!r} right behind another text.")


def _spellings(read: Callable[[str], Encoding], text: str) -> Iterator[np.ndarray]:
    """Yield tokens that may spell ``text`` behind others: as it is, or with an added space off."""
    yield read(text).ids
    if text.startswith(" ") and len(text) > 1:
        yield read(text[1:]).ids
    for guard in _GUARDS:
        guarded = read(guard + text)
        yield guarded.ids[int(np.searchsorted(guarded.offsets[:, 0], len(guard))) :]


def _as_batches(
    model: LanguageModel,
    context: Tensor,
    tails: Sequence[Ids],
    lengths: dict[int, int],
    report: Report,
) -> Iterator[tuple[int, Tensor]]:
    read = {row: length for row, length in lengths.items() if length}
    limit = _most_rows(model, len(context) + max(read.values(), default=0))
    batches = [
        batch[first : first + limit]
        for batch in plan_batches(read, batch_cost(model))
        for first in range(0, len(batch), limit)
    ]
    steps = _Steps(model, 1 + len(batches), report)
    past = model.new_past()
    last = model.hidden_states(context[None], past=past, on_layer=steps.layer)[0, -1:]
    for row in lengths.keys() - read.keys():
        yield row, last
    for batch in batches:
        with past.branched(torch.zeros(len(batch), dtype=torch.long)):
            hidden = model.hidden_states(
                padded([tails[row] for row in batch]), past=past, on_layer=steps.layer
            )
        for place, row in enumerate(batch):
            yield row, torch.cat([last, hidden[place, : lengths[row]]])


def _one_by_one(
    model: LanguageModel, context: Tensor, tails: Sequence[Ids], report: Report
) -> Iterator[tuple[int, Tensor]]:
    """Read every row whole: for models that cannot go on from what they have read."""
    steps = _Steps(model, len(tails), report)
    for row, tail in enumerate(tails):
        ids = torch.cat([context, torch.as_tensor(np.asarray(tail), dtype=torch.long)])
        hidden = model.hidden_states(ids[None], on_layer=steps.layer)[0]
        yield row, hidden[len(context) - 1 :]


def padded(rows: Sequence[Ids]) -> Tensor:
    """Return rows of ids as one int64 [R, longest], zeros behind the shorter ones."""
    found = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    for place, row in enumerate(rows):
        found[place, : len(row)] = torch.as_tensor(np.asarray(row))
    return found


def _log_probabilities(model: LanguageModel, hidden: Tensor, ids: Tensor) -> np.ndarray:
    """Return log p of ``ids`` [R, K] under the predictions of ``hidden`` [R, D], float32 [R, K]."""
    rows = max(1, _HEAD_BYTES // (4 * model.facts.vocab_size))
    found = []
    for first in range(0, len(hidden), rows):
        logits = model.unembed(hidden[first : first + rows])
        wanted = ids[first : first + rows].to(logits.device)
        for part, room in in_parts(logits):
            whole = moments(logits[part], room)
            found.append(log_probabilities(logits[part], wanted[part], whole).cpu())
    return torch.cat(found).numpy()


def _memory(model: LanguageModel, rows: int) -> AbstractContextManager[None]:
    return study_memory(f"Scoring {rows:,} continuations", model.facts.device)


def _check_length(model: LanguageModel, context: int, longest: int) -> None:
    limit = model.facts.context
    if limit is not None and context + longest > limit:
        raise OverBudgetError(
            f"{context:,} tokens of context and {longest:,} behind them; this model reads "
            f"{limit:,} ({model.facts.name}). Shorten one of them."
        )


def _reads_apart(model: LanguageModel, longest: int) -> bool:
    turns = model.rereads_after is not None and longest > model.rereads_after
    return turns or not reads_blocks(model)


def _most_rows(model: LanguageModel, tokens: int) -> int:
    return max(1, _PAST_BYTES // (max(1, tokens) * max(1, _past_bytes(model))))


def _past_bytes(model: LanguageModel) -> int:
    """Return what the past of one token takes: keys and values of every layer."""
    facts = model.facts
    return 2 * facts.kv_width * facts.layers * model.dtype.itemsize


class _Steps:
    """Counts the layers of all passes, and reports each."""

    def __init__(self, model: LanguageModel, passes: int, report: Report) -> None:
        self._total = passes * len(model.layers)
        self._done = 0
        self._report = report

    def layer(self, done: int, total: int) -> None:
        self._done += 1
        self._report(Progress(self._done, self._total, f"Reading: layer {done} of {total}"))
