"""How a text longer than the model's context is read: in windows that overlap."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError, OverBudgetError
from ..runs import TextRequest


@dataclass(frozen=True)
class Window:
    """One forward pass over tokens ``start`` … ``end`` − 1, behind ``prefix`` tokens of the text.

    Attributes:
        prefix: 1 when the text begins with a beginning-of-sequence token, else 0. Every window
            begins with it.
        start, end: of the tokens read after the prefix.
        first: the first token scored here; those before it are context.
    """

    prefix: int
    start: int
    first: int
    end: int

    @property
    def targets(self) -> range:
        """The tokens scored here; the very first token of a text has no prediction."""
        return range(max(self.first, 1), self.end)

    def context_length(self, target: int) -> int:
        """Return how many tokens the model has read here before token ``target``."""
        return self.prefix + target - self.start


def one_window(tokens: int) -> list[Window]:
    """Return the one window of a text that is read at once."""
    return [Window(0, 0, 0, tokens)]


def plan_windows(total: int, context: int | None, request: TextRequest) -> list[Window]:
    """Return the windows that together score each of ``total`` tokens once.

    Every token after the first window has at least the asked overlap as context. The last window
    is moved back so that it is full.

    Raises:
        OverBudgetError: the text does not fit and ``request`` does not ask for windows.
        InputError: an overlap that leaves nothing to score, or no context.
    """
    prefix = int(request.add_bos)
    if context is None or total <= context:
        return [Window(prefix, prefix, prefix, total)]
    if request.long_text == "refuse":
        raise OverBudgetError(
            f"{total:,} tokens; this model reads {context:,}. "
            "Shorten the text, or read it in overlapping windows."
        )
    room = context - prefix
    overlap = context // 2 if request.window_overlap is None else request.window_overlap
    if not 1 <= overlap < room:
        raise InputError(f"The overlap must be 1 to {room - 1:,} tokens; it is {overlap:,}.")
    windows = [Window(prefix, prefix, prefix, context)]
    while (scored := windows[-1].end) < total:
        start = min(scored - overlap, total - room)
        windows.append(Window(prefix, start, scored, start + room))
    return windows
