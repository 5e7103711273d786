"""Sets of samplers worth seeing side by side."""

from __future__ import annotations

from dataclasses import dataclass

from ....runs.trajectories import Plan, plans


@dataclass(frozen=True)
class Preset:
    """A set of samplers.

    Attributes:
        text: what to look for, one sentence.
    """

    title: str
    text: str
    plans: tuple[Plan, ...]


PRESETS = (
    Preset(
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
    Preset(
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
    Preset(
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
)

TOKENS = ("mat", "sofa", "roof", "moon", "piano", "table", "stairs", "theorem")
"""How “The cat sat on the …” may go on, in the distributions below."""

SHAPES = {
    "Sure": (92, 3, 2, 1, 0.8, 0.6, 0.4, 0.2),
    "Two ways": (46, 44, 4, 2, 1.5, 1, 1, 0.5),
    "Long tail": (42, 23, 12, 8, 6, 4, 3, 2),
    "No idea": (14, 13.5, 13, 12.5, 12, 12, 11.5, 11.5),
    "All equal": (12.5,) * 8,
}
"""Distributions that no model made, in percent of ``TOKENS``."""
