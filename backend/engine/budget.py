"""What a study will cost, weighed before it runs and told while it does."""

from __future__ import annotations

from dataclasses import replace

from ..errors import OverBudgetError
from ..progress import Progress, Report
from ..studies import Estimate
from .memory import readable_bytes

_WORTH_TELLING = 3.0  # seconds


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


def check_free(estimate: Estimate, free: int, seconds: float | None) -> None:
    """Refuse a study that needs more memory than is free beside its model.

    Raises:
        OverBudgetError: as ``check_limit``.
    """
    if estimate.bytes > free:
        raise OverBudgetError(
            f"This study needs about {_cost(estimate, seconds)}, and {readable_bytes(free)} are "
            "free. Use a shorter text or a smaller model, or close other programs."
        )


def announcing(seconds: float | None, report: Report) -> Report:
    """Return a report that also says how long the whole study takes, where that is known."""
    if seconds is None or seconds < _WORTH_TELLING:
        return report
    whole = f"about {readable_seconds(seconds)} in all"

    def announce(progress: Progress) -> None:
        report(replace(progress, message=f"{progress.message} · {whole}"))

    return announce


def readable_seconds(seconds: float) -> str:
    """Return a time for people: "20 s", "3 min"."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"


def _cost(estimate: Estimate, seconds: float | None) -> str:
    memory = f"{readable_bytes(estimate.bytes)} of memory"
    return memory if seconds is None else f"{memory} and {readable_seconds(seconds)}"
