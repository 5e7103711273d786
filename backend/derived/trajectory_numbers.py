"""Numbers of trajectory runs: of every step, of every text, and of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.trajectories import KEPT_COUNT, RAW_ENTROPY, RAW_SURPRISAL, TrajectoryRun
from .base import derived, once
from .trajectory_text import TextMeasures, text_measures

_SHORT = "the text is too short for it"
_DISTINCT = "distinct-n: Li et al. 2016, arXiv 1510.03055."
_MIROSTAT = "Mirostat: Basu et al. 2021, arXiv 2007.14966."

MEASURES: dict[str, Quantity] = {
    "tokens": Quantity(
        "Tokens", "n", "", high=1024, help="Length of the text.", formula="n", source="A count.",
        digits=0,
    ),
    "perplexity": Quantity(
        "Perplexity", "PPL", "", low=1, high=1000, scale="log", missing=_SHORT,
        help="exp(mean surprisal) under the raw model: how likely it finds its own text.",
        formula=r"e^{\overline{s}}", source="Jelinek et al. 1977.",
    ),
    "mean_surprisal": replace(
        RAW_SURPRISAL, name="Mean surprisal", high=7, missing=_SHORT,
        help="How unexpected the drawn tokens were to the model itself, on average.",
        formula=r"\overline{s}=\frac1n\sum_t s_t",
    ),
    "target": replace(
        RAW_SURPRISAL, name="Target τ", symbol="τ", high=7, missing="the sampler has no target",
        help="The surprise that the sampler aims for.", formula=r"\tau", source=_MIROSTAT,
    ),
    "target_error": replace(
        RAW_SURPRISAL, name="Surprise − τ", symbol="", low=-7, high=7, scale="diverging",
        missing="the sampler has no target", source=_MIROSTAT,
        help="Mean surprise of the drawn tokens, as the sampler counts it, minus its target.",
        formula=r"\overline{S}-\tau",
    ),
    "mean_entropy": replace(
        RAW_ENTROPY, name="Mean entropy", missing=_SHORT,
        help="How undecided the model was, on average over the steps.",
        formula=r"\frac1n\sum_t H_t",
    ),
    "distinct_1": Quantity(
        "distinct-1", "", "", missing=_SHORT, help="Share of different tokens among all.",
        formula=r"\frac{\text{different tokens}}{\text{all tokens}}", source=_DISTINCT,
    ),
    "distinct_2": Quantity(
        "distinct-2", "", "", high=1.02, missing=_SHORT,
        help="Share of different token pairs among all.",
        formula=r"\frac{\text{different token pairs}}{\text{all pairs}}", source=_DISTINCT,
    ),
    "repeated_4": Quantity(
        "repeated 4-grams", "", "%", missing=_SHORT, digits=0,
        help="Share that stood in the same text before.",
        formula=r"1-\text{distinct-4}", source=_DISTINCT,
    ),
    "similarity": Quantity(
        "like its other seeds", "", "", missing="there is no other seed",
        help="Overlap of three-token sequences with the sampler's other seeds, 1 for equal texts. "
        "Not a measure of meaning.",
        formula=r"\frac{|A\cap B|}{|A\cup B|}", source="Jaccard 1901.",
    ),
    "ms_per_token": Quantity(
        "ms per token", "", "", high=1000, missing="no step was timed",
        help="Of the whole batch's steps, each shared by the texts in it.",
        formula=r"\frac{1000}{n}\sum_t\frac{\text{seconds}_t}{\text{texts}_t}",
        source="A clock.", digits=0,
    ),
}  # fmt: skip
"""Of every text, [M, S]."""

KEPT = replace(KEPT_COUNT, low=1)

_measures = once(text_measures)


def _values(name: str) -> Callable[[TrajectoryRun], np.ndarray]:
    def values(run: TrajectoryRun) -> np.ndarray:
        return np.array([_one(each, name) for each in _measures(run)]).reshape(run.lengths.shape)

    return values


def _one(of: TextMeasures, name: str) -> float:
    return 1000 * of.seconds_per_token if name == "ms_per_token" else float(getattr(of, name))


for _name, _quantity in MEASURES.items():
    derived("trajectories", _name, "M", "S", quantity=_quantity)(_values(_name))


@derived("trajectories", "kept", "M", "S", "N", quantity=KEPT)
def kept(run: TrajectoryRun) -> np.ndarray:
    """Return how many tokens were kept, float64 [M, S, N]; NaN after a text's end."""
    return np.where(run.kept_count > 0, run.kept_count.astype(np.float64), np.nan)


def _count(name: str, help: str, formula: str) -> Quantity:
    return Quantity(
        name, "", "", high=1024, help=help, formula=formula, source="A count.", digits=0
    )


derived(
    "trajectories",
    "samplers",
    quantity=_count("Samplers", "Rules that draw the next token, one row of texts each.", "M"),
)(lambda run: len(run.labels))
derived(
    "trajectories", "seeds", quantity=_count("Seeds", "Texts of every sampler, one each.", "S")
)(lambda run: len(run.request.seeds))
derived(
    "trajectories",
    "longest",
    quantity=_count("Steps", "Of the longest text.", r"\max_{m,s}n_{m,s}"),
)(lambda run: int(run.lengths.max()))
