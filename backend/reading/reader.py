"""One reading for any number of taps: the model runs once, and every tap sees what it needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..models.memory import study_memory
from ..progress import Progress, Report
from ..taps.base import Tap
from ..taps.logits import LogitsTap, block_rows
from .footprint import hidden_bytes, pair_bytes
from .windows import Window

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.language import LanguageModel


def read(
    model: LanguageModel,
    ids: np.ndarray,
    windows: Sequence[Window],
    taps: Sequence[Tap],
    report: Report,
) -> None:
    """Run the model over ``ids`` int32 [T] and show each tap what it watches.

    Args:
        model: to read with.
        ids: of the tokens.
        windows: from ``plan_windows``. Only taps on logits can follow a text over several.
        taps: all that watch.
        report: hears of every layer and every block of logits, and may stop the reading.

    Raises:
        CancelledError: ``report`` said so.
        OverBudgetError: the memory ran out.
    """
    tokens = torch.from_numpy(ids).long()
    for tap in taps:
        tap.start(model, tokens[None])
    on_logits = [each for each in taps if isinstance(each, LogitsTap)]
    steps = _Steps(model, windows, report, head=bool(on_logits))
    memory = study_memory(f"Reading {len(ids):,} tokens", model.facts.device)
    with memory, torch.inference_mode(), ExitStack() as watched:
        for watching, together in _by_what_they_watch(taps):
            watched.enter_context(watching(model, together))
        for window in windows:
            read_ids = torch.cat([tokens[: window.prefix], tokens[window.start : window.end]])
            hidden = model.hidden_states(read_ids[None], on_layer=steps.layer)[0]
            if on_logits:
                _show_logits(model, hidden, window, on_logits, steps)


def reading_bytes(
    model: LanguageModel, tokens: int, windows: Sequence[Window], taps: Sequence[Tap]
) -> int:
    """Return the peak memory of ``read`` on top of the weights."""
    longest = max(each.prefix + each.end - each.start for each in windows)
    watched = [each.pair_bytes(model, longest) for each in taps]
    pairs = max(
        (each for each in watched if each is not None),
        default=pair_bytes(model, longest, longest),
    )
    forward = hidden_bytes(model, longest) + pairs
    during = [each.peak_bytes(model, longest) for each in taps if not isinstance(each, LogitsTap)]
    after = [each.peak_bytes(model, longest) for each in taps if isinstance(each, LogitsTap)]
    held = sum(each.held_bytes(model, tokens) for each in taps)
    return max(forward + max(during, default=0), max(after, default=0)) + held


def reading_work(model: LanguageModel, tokens: int, taps: Sequence[Tap]) -> float:
    """Return about how many multiplications ``read`` takes."""
    return tokens * model.facts.parameters + sum(each.work(model, tokens) for each in taps)


def _by_what_they_watch(taps: Sequence[Tap]) -> list[tuple[Callable, list[Tap]]]:
    together: dict[Callable, list[Tap]] = defaultdict(list)
    for tap in taps:
        together[type(tap).watching].append(tap)
    return list(together.items())


def _show_logits(
    model: LanguageModel,
    hidden: Tensor,
    window: Window,
    taps: Sequence[LogitsTap],
    steps: _Steps,
) -> None:
    targets, rows = window.targets, block_rows(model)
    for first in range(targets.start, targets.stop, rows):
        stop = min(first + rows, targets.stop)
        # The row before a token predicts it.
        row = window.context_length(first) - 1
        logits = model.unembed(hidden[row : row + stop - first])
        for tap in taps:
            tap.on_logits(first, logits)
        del logits  # gone before the next ones come
        steps.block(stop, targets.stop)


class _Steps:
    """Counts layers and blocks of all windows, and reports each."""

    def __init__(
        self, model: LanguageModel, windows: Sequence[Window], report: Report, *, head: bool
    ) -> None:
        blocks = sum(-(-len(each.targets) // block_rows(model)) for each in windows)
        self._total = len(windows) * len(model.layers) + blocks * head
        self._done = 0
        self._report = report

    def layer(self, done: int, total: int) -> None:
        self._next(f"Reading: layer {done} of {total}")

    def block(self, scored: int, total: int) -> None:
        self._next(f"Measuring: {scored:,} of {total:,} tokens")

    def _next(self, message: str) -> None:
        self._done += 1
        self._report(Progress(self._done, self._total, message))
