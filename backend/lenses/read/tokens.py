"""Tokens: how sure the model was of each token."""

from ..base import Example, Lens, declare
from ..panels.strip import Strip

declare(
    Lens(
        kind="text",
        title="Tokens",
        summary="How sure the model was of each token.",
        group="read",
        figures=("mean_choices", "perplexity", "first_choice"),
        panels=(Strip(title="The text", read="x"),),
        examples=(Example("text_fact", "Plain facts", "", {}),),
        place=10,
    )
)
