"""Two more texts of Tokens, which the lessons are about."""

from ...storage.passages import passages
from ..base import Example

GUESSES = (
    "Once upon a time there was a king who had three daughters. The youngest of them loved "
    "nothing more than arithmetic."
)

LESSON_TEXTS = (
    Example(
        "text_guess",
        "What comes next?",
        "A tale as one knows it, until its last word.",
        {"text": GUESSES, "top_k": 200},
        21,
    ),
    Example(
        "text_long",
        "What does a long text look like? (Lewis Carroll)",
        "A chapter of Alice: look at the whole first, then at its peaks.",
        {"text": passages()[0], "top_k": 5},
    ),
)
