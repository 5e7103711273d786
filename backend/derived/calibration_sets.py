"""What a pool of candidates and the sets of it are like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runs.calibration_sets import (
    AGREEMENT,
    DIVERSITY,
    LENGTH,
    LIKELIHOOD,
    LOSS,
    QUALITY,
    SURPRISE,
    TOWARDS,
    CalibrationSetsRun,
)
from .base import derived

POOL_AGREEMENT = replace(
    AGREEMENT, name="Agreement in the pool", help="Rank correlation of quality and "
    "log-probability over all candidates.",
)  # fmt: skip
POOL_DIVERSITY = replace(
    DIVERSITY, name="Diversity of the pool", help="How few words all candidates share, by pairs.",
)  # fmt: skip
SET_QUALITY = replace(
    QUALITY, name="Quality of a set", help="The mean of its members.", formula=r"\bar q_S"
)
SET_LIKELIHOOD = replace(
    LIKELIHOOD, name="Log-probability in a set", help="A token's, the mean of its members.",
    formula=r"\overline{\bar\ell}_S",
)  # fmt: skip
SET_LENGTH = replace(
    LENGTH, name="Length in a set", help="The mean of its members.", formula=r"\bar n_S"
)


@derived("calibration_sets", "surprise", "V", quantity=SURPRISE)
def surprise(run: CalibrationSetsRun) -> np.ndarray:
    """Return the surprise of every set, [V]."""
    return (1 - run.agreement.astype(np.float64)) / 2


@derived("calibration_sets", "loss", "V", quantity=LOSS)
def loss(run: CalibrationSetsRun) -> np.ndarray:
    """Return the ranking loss of every set, [V]."""
    return run.terms.sum(-1, dtype=np.float64)


@derived("calibration_sets", "towards", "V", quantity=TOWARDS)
def towards(run: CalibrationSetsRun) -> np.ndarray:
    """Return how much each set pulls to quality, [V]."""
    return run.pull.astype(np.float64) @ run.quality.astype(np.float64)


@derived("calibration_sets", "set_quality", "V", quantity=SET_QUALITY)
def set_quality(run: CalibrationSetsRun) -> np.ndarray:
    """Return the mean quality of every set, [V]."""
    return _mean(run, run.quality)


@derived("calibration_sets", "set_likelihood", "V", quantity=SET_LIKELIHOOD)
def set_likelihood(run: CalibrationSetsRun) -> np.ndarray:
    """Return the mean log-probability of a token in every set, [V]."""
    return _mean(run, run.likelihood)


@derived("calibration_sets", "set_length", "V", quantity=SET_LENGTH)
def set_length(run: CalibrationSetsRun) -> np.ndarray:
    """Return the mean length in every set, [V]."""
    return _mean(run, run.length)


@derived("calibration_sets", "agreement_of_pool", quantity=POOL_AGREEMENT)
def agreement_of_pool(run: CalibrationSetsRun) -> float:
    """Return the rank correlation over all candidates."""
    return run.pool_agreement


@derived("calibration_sets", "diversity_of_pool", quantity=POOL_DIVERSITY)
def diversity_of_pool(run: CalibrationSetsRun) -> float:
    """Return the diversity of all candidates."""
    return run.pool_diversity


def _mean(run: CalibrationSetsRun, values: np.ndarray) -> np.ndarray:
    """Return the mean of values [I] over the members of every set; NaN of an empty one."""
    weights = run.member.astype(np.float64)
    count = weights.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, weights @ values.astype(np.float64) / count, np.nan)
