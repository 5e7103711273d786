"""What happened at one step of a trajectory: what each sampler kept, where it cut, what it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..quantities import BITS_PER_NAT, Quantity
from ..runs.trajectories import SamplerSpec, TrajectoryRun

Index = tuple[int, int, int]
"""Sampler, seed and step."""

Cut = tuple[str, float]
"""What a line is, and the model's own probability at which it stands."""

LEAST, MOST = "least probability kept", "largest probability kept"


def final_probabilities(run: TrajectoryRun, index: Index) -> dict[int, float]:
    """Return what the row's own sampler gave to the tokens of a step, by id, as far as stored."""
    found = dict(
        zip(
            run.final_top_ids[index].tolist(),
            run.final_top_probs[index].astype(np.float64).tolist(),
            strict=True,
        )
    )
    if run.compare_probs is not None:
        own = run.compare_probs[(index[0], *index)].astype(np.float64)
        found |= dict(zip(run.raw_top_ids[index].tolist(), own.tolist(), strict=True))
    found[int(run.token_ids[index])] = float(run.drawn_probability[index])
    return {each: share for each, share in found.items() if np.isfinite(share)}


def judged(run: TrajectoryRun, index: Index) -> Mapping[int, np.ndarray]:
    """Return what each sampler gives to the stored likeliest tokens of a step.

    Returns:
        float64 [K] by sampler; 0 where it drops the token. A run made without the comparison
        knows it of its own row only, and nobody judges after the end of its text.
    """
    if run.compare_probs is not None:
        shares = run.compare_probs[(slice(None), *index)].astype(np.float64)
        return {each: shares[each] for each in np.flatnonzero(np.isfinite(shares).all(1)).tolist()}
    final = final_probabilities(run, index)
    ids = run.raw_top_ids[index].tolist()
    return {index[0]: np.array([final.get(each, 0.0) for each in ids])}


def cuts(run: TrajectoryRun, index: Index) -> list[Cut]:
    """Return where the row's own sampler cut a step, on the scale of the model's probability.

    A rule on probabilities judges the tempered distribution q ∝ p^(1/T). Where its cut can be put
    on p it is: min-p's q ≥ m·max q is p ≥ m^T·max p, and a depth in logits is divided by T. Other
    cuts on q need the sum of p^(1/T) over the whole vocabulary, which is not stored; like the cuts
    by rank or mass and those of chains, they are drawn at the least probability that was kept.
    Where more was kept than is stored, the cut lies below all of that, and there is none.
    """
    plan = run.request.samplers[index[0]]
    plain = len(plan) == 1 and run.request.repetition_penalty == 1
    found = _own_cuts(run, index, plan[0]) if plain else []
    return [each for each in found or _kept_cuts(run, index) if each[1] <= 1]


def _own_cuts(run: TrajectoryRun, index: Index, spec: SamplerSpec) -> list[Cut]:
    """Return the thresholds of a rule that has one on p; none where that cannot be said."""
    told = {
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
    if spec.name == "top_n_sigma" and "depth" in told:
        return [("n·σ below the largest logit", likeliest * float(np.exp(-heat * told["depth"])))]
    if heat != 1:
        return []
    if "floor" in told:
        return [("floor", told["floor"])]
    if spec.name == "mirostat_v2" and "mu" in told:
        return [("ceiling μ on the surprise", 2.0 ** -told["mu"])]
    if "window" in told:
        centre, window = told["centre"], told["window"]
        return [
            ("entropy, the centre", float(np.exp(-centre))),
            ("lower edge of the window", float(np.exp(-centre - window))),
            ("upper edge of the window", float(np.exp(-centre + window))),
        ]
    return []


def _kept_cuts(run: TrajectoryRun, index: Index) -> list[Cut]:
    """Return the least probability kept and, where likelier tokens were dropped, the largest."""
    final = final_probabilities(run, index)
    ids = run.raw_top_ids[index].tolist()
    kept = np.array([final.get(each, 0.0) > 0 for each in ids])
    if not kept.any() or int(run.kept_count[index]) > int(kept.sum()):
        return []
    shares = np.exp(run.raw_top_logprobs[index].astype(np.float64))[kept]
    found = [(LEAST, float(shares.min()))]
    return found if kept[0] else [*found, (MOST, float(shares.max()))]


def own_numbers(
    run: TrajectoryRun, sampler: int, seed: int
) -> list[tuple[str, Quantity, np.ndarray]]:
    """Return what a sampler told along its text: name, what it is, and float64 [N].

    Information is in nats, whatever unit the sampler counts in.
    """
    found = []
    for name, values in run.details.items():
        own = values[sampler, seed].astype(np.float64)
        if not np.isfinite(own).any():
            continue
        quantity = run.detail_quantity(name, sampler)
        if quantity.unit == "bits":
            quantity, own = replace(quantity, unit="nats"), own / BITS_PER_NAT
        found.append((name, quantity, own))
    return found
