"""What a study will cost, weighed before it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import OverBudgetError
from ..progress import Progress, Report
from ..runs import Request
from ..runs.many import ManyRequest
from ..runs.trajectories import TrajectoryRequest
from ..storage.subject import subject
from ..studies import Estimate

if TYPE_CHECKING:
    from ..models import TextTokenizer

_MOST_CHARACTERS = 40
"""Of a token, on an average over a long text."""


def check_limit(estimate: Estimate, limit: int, seconds: float | None) -> None:
    """Refuse a study that needs more memory than one study may use.

    Raises:
        OverBudgetError: with both numbers, and the time where it is known.
    """
    if estimate.bytes > limit:
        raise OverBudgetError(
            f"This study needs about {_cost(estimate, seconds)}, and one study may use "
            f"{readable_bytes(limit)}. Use a shorter text, or raise ENTROSCOPE_WORK_BYTES."
        )


def check_tokens(request: Request, tokenizer: TextTokenizer | None, limit: int) -> None:
    """Refuse a study that reads and writes more tokens than one may.

    Args:
        request: of the study.
        tokenizer: of its model; without it only texts beyond all measure are refused.
        limit: tokens.

    Raises:
        OverBudgetError: with both numbers.
    """
    if isinstance(request, ManyRequest):
        for each in request.requests:
            check_tokens(each, tokenizer, limit)
        return
    texts = getattr(request, "texts", ()) or (subject(request),)
    characters = sum(map(len, texts))
    if characters > limit * _MOST_CHARACTERS:
        raise OverBudgetError(
            f"This text has {characters:,} characters, and one study may read {limit:,} tokens "
            "here. Use a shorter text."
        )
    if tokenizer is None:
        return
    tokens = sum(tokenizer.count(each) for each in texts)
    if isinstance(request, TrajectoryRequest):
        tokens += request.steps * len(request.samplers) * len(request.seeds)
    if tokens > limit:
        raise OverBudgetError(
            f"This study reads and writes {tokens:,} tokens, and one study may {limit:,} here. "
            "Use a shorter text, or fewer steps."
        )


def check_seconds(expected: float | None, limit: float | None) -> None:
    """Refuse a study that will take longer than one may, where that is known.

    Raises:
        OverBudgetError: with both numbers.
    """
    if limit is not None and expected is not None and expected > limit:
        raise OverBudgetError(
            f"This study takes about {_time(expected)}, and one study may take {_time(limit)} "
            "here. Use a shorter text."
        )


def within(limit: float | None, report: Report, waited: Callable[[], float]) -> Report:
    """Return ``report``, which from now on ends work that takes longer than ``limit`` seconds.

    ``waited`` returns the seconds that do not count, as others used the model.
    """
    started = time.monotonic()

    def tell(progress: Progress) -> None:
        taken = time.monotonic() - started - waited()
        if limit is not None and taken > limit:
            raise OverBudgetError(
                f"This study was stopped after {_time(taken)}, and one study may take "
                f"{_time(limit)} here. Use a shorter text."
            )
        report(progress)

    return tell


def over_free(estimate: Estimate, free: int, seconds: float | None) -> OverBudgetError:
    """Return the refusal of a study that needs more memory than is free beside its model."""
    return OverBudgetError(
        f"This study needs about {_cost(estimate, seconds)}, and {readable_bytes(free)} are "
        "free. Use a shorter text or a smaller model, or close other programs."
    )


def readable_bytes(count: int) -> str:
    """Return ``count`` for people, in decimal units: "1.5 GB"."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"


def _cost(estimate: Estimate, seconds: float | None) -> str:
    memory = f"{readable_bytes(estimate.bytes)} of memory"
    if seconds is None:
        return memory
    return f"{memory} and {_time(seconds)}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"
