"""Sets of samplers worth seeing side by side."""

from __future__ import annotations

from dataclasses import dataclass

from backend.runs.trajectories import Plan, plans


@dataclass(frozen=True)
class Preset:
    """A set of samplers.

    Attributes:
        text: what to look for, one sentence.
    """

    title: str
    text: str
    plans: tuple[Plan, ...]


PRESETS = {
    "classics": Preset(
        "The classics",
        "Greedy never hesitates, temperature draws from everything, top-k and top-p cut the tail.",
        plans(
            [
                "greedy",
                "temperature",
                ("top_k", {"k": 50}),
                ("top_p", {"p": 0.9}),
                ("min_p", {"min_p": 0.1}),
            ]
        ),
    ),
    "aware": Preset(
        "Entropy-aware",
        "All of these look at how sure the model is before they cut: watch the kept tokens follow "
        "the entropy, while top-p's fixed mass serves as the reference.",
        plans(
            [
                ("top_p", {"p": 0.9}),
                ("min_p", {"min_p": 0.1}),
                ("typical", {"mass": 0.9}),
                ("eta", {"epsilon": 0.002}),
                ("top_h", {"alpha": 0.4}),
                "entropix",
            ]
        ),
    ),
    "traps": Preset(
        "Mirostat against top-k traps",
        "A small k falls into loops (boredom), a large k into nonsense (confusion); mirostat moves "
        "its cut so that the surprise stays near τ.",
        plans(
            [
                ("top_k", {"k": 2}),
                ("top_k", {"k": 2000}),
                ("mirostat_v2", {"tau": 3.0}),
                ("mirostat_v1", {"tau": 3.0}),
            ]
        ),
    ),
}
