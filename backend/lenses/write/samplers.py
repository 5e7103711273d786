from ..base import Example, Lens, declare

declare(
    Lens(
        kind="trajectories",
        title="Samplers",
        summary="What.",
        group="write",
        panels=(),
        formerly=("trajectories",),
        examples=(Example("trajectories_classics", "x", "", {}),),
    )
)
