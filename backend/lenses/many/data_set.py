from ..base import Example, Lens, declare

declare(
    Lens(
        kind="dataset",
        title="Data set",
        summary="What.",
        group="many",
        panels=(),
        formerly=("dataset",),
        examples=(Example("dataset_sentences", "x", "", {}),),
    )
)
