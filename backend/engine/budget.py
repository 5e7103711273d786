"""What a study will cost, weighed before it runs."""

from __future__ import annotations

from ..errors import OverBudgetError
from ..studies import Estimate


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
    time = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"
    return f"{memory} and {time}"
