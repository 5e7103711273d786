"""What is chosen on this page to look at: part of the view, so it rides in the address."""

from __future__ import annotations

from backend.runs.trajectories import TrajectoryRun

from .. import checks
from ..controls import Control
from .rows import NUMBERS

MODES = {"texts": "Texts, step by step", "bench": "One distribution"}
TABS = {
    "curves": "Curves",
    "texts": "Texts",
    "measures": "Measures",
    "tree": "Tree",
    "lessons": "What to look for",
}
ALL_SEEDS = "all"
FEEDBACK = "feedback"

MODE = Control("trajectories.mode", "texts", checks.one_of(tuple(MODES)))
TAB = Control("trajectories.tab", "curves", checks.one_of(tuple(TABS)))
COLOUR = Control("trajectories.colour", "entropy", checks.one_of(tuple(NUMBERS)))
AUTOMATIC = Control("trajectories.automatic", False, checks.switch)
SINGLE = Control("trajectories.single", False, checks.switch)


def reference_of(run: TrajectoryRun) -> Control[str]:
    """Return the control of the sampler to compare with: at first greedy, else the first."""
    return Control(
        "trajectories.reference", run.labels[default_reference(run)], checks.one_of(run.labels)
    )


def default_reference(run: TrajectoryRun) -> int:
    """Return the sampler to compare with until the reader chooses: greedy, else the first."""
    plans = enumerate(run.request.samplers)
    return next((each for each, plan in plans if [spec.name for spec in plan] == ["greedy"]), 0)


def seed_of(run: TrajectoryRun) -> Control[str]:
    """Return the control of the seed: its place among those of the run, or all of them."""
    places = map(str, range(len(run.request.seeds)))
    return Control("trajectories.seed", "0", checks.one_of((*places, ALL_SEEDS)))


def curves_of(offered: list[str]) -> Control[list[str]]:
    """Return the control of the curves, of those there are: at first two of them."""
    check = checks.several(checks.one_of(offered))
    return Control(
        "trajectories.curves",
        ["entropy", FEEDBACK if FEEDBACK in offered else "kept"],
        lambda text: list(check(text)),
    )
