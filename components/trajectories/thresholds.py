"""Where a sampler cut one step, on the scale of the model's own probability."""

from __future__ import annotations

import numpy as np
import pandas as pd

from backend.runs.trajectories import SamplerSpec, TrajectoryRun

LEAST, MOST = "least probability kept", "largest probability kept"

Lines = list[tuple[str, float]]


def thresholds(run: TrajectoryRun, index: tuple[int, int, int], kept: np.ndarray) -> pd.DataFrame:
    """Return ``name`` and ``percent`` of the lines to draw for the row's own sampler.

    A rule on probabilities judges the tempered distribution q ∝ p^(1/T). Where its cut can be put
    on p it is: min-p's q ≥ m·max q is p ≥ m^T·max p, and a depth in logits is divided by T. Other
    cuts on q need the sum of p^(1/T) over the whole vocabulary, which is not stored; like the cuts
    by rank or mass and those of chains, they are drawn at the least probability that was kept.

    Args:
        run: the trajectories.
        index: sampler, seed and step.
        kept: bool [K]; which of the stored likeliest tokens were kept. Where more were kept than
            these, the cut lies below all of them and there is no line.
    """
    plan = run.request.samplers[index[0]]
    plain = len(plan) == 1 and run.request.repetition_penalty == 1
    lines = _own_lines(run, index, plan[0]) if plain else []
    if not lines:
        lines = _kept_lines(run, index, kept)
    shown = [(name, 100 * share) for name, share in lines if share <= 1]
    return pd.DataFrame(shown, columns=["name", "percent"])


def _own_lines(run: TrajectoryRun, index: tuple[int, int, int], spec: SamplerSpec) -> Lines:
    """Return the thresholds of a rule that has one on p; none where that cannot be said."""
    details = {
        name: float(values[index])
        for name, values in run.details.items()
        if np.isfinite(values[index])
    }
    values = spec.parameters
    heat = float(values.get("temperature", values.get("T", 1.0)))
    if values.get("temperature_order") == "last":
        heat = 1.0  # the rule judged p itself
    likeliest = float(np.exp(run.raw_top_logprobs[index][0]))
    if spec.name == "min_p" and heat != 1 and "min_p" in values:
        return [("floor m^T·p_max", float(values["min_p"]) ** heat * likeliest)]
    if spec.name == "top_n_sigma" and "depth" in details:
        depth = heat * details["depth"]
        return [("n·σ below the largest logit", likeliest * float(np.exp(-depth)))]
    if heat != 1:
        return []
    if "floor" in details:
        return [("floor", details["floor"])]
    if spec.name == "mirostat_v2" and "mu" in details:
        return [("ceiling μ on the surprise", 2.0 ** -details["mu"])]
    if "window" in details:
        centre, window = details["centre"], details["window"]
        return [
            ("entropy, the centre", float(np.exp(-centre))),
            ("lower edge of the window", float(np.exp(-centre - window))),
            ("upper edge of the window", float(np.exp(-centre + window))),
        ]
    return []


def _kept_lines(run: TrajectoryRun, index: tuple[int, int, int], kept: np.ndarray) -> Lines:
    """Return the least probability kept and, where likelier tokens were dropped, the largest."""
    if not kept.any() or int(run.kept_count[index]) > int(kept.sum()):
        return []
    shares = np.exp(run.raw_top_logprobs[index].astype(np.float64))[kept]
    lines = [(LEAST, float(shares.min()))]
    return lines if kept[0] else [*lines, (MOST, float(shares.max()))]
