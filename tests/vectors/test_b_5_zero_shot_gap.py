"""Log-perplexity against mean entropy, and how likely their gap is (vectors of B § 5).

What was observed with the bundled model depends on the version of torch and is no target.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from backend.derived import series
from backend.measures.distribution import measure
from tests.runs.makers import text_run
from tests.vectors.reading import FLOAT32, block, cases

BLOCK = block("b", "5_zero_shot_gap")
every = pytest.mark.parametrize("case", cases(BLOCK["vectors"]))


def measured(case):
    """Return what the text study measures of these predictions."""
    logits = torch.tensor(case["probs"], dtype=torch.float64).log()
    return measure(logits, torch.tensor(case["observed"]), 1)


def run_of(case):
    """Return a text run of these predictions; position 0 has none."""
    numbers = measured(case)
    length = 1 + len(case["observed"])
    first = {
        name: np.concatenate([[np.nan], getattr(numbers, name)]).astype(np.float32)
        for name in ("entropy", "varentropy", "surprisal")
    }
    return dataclasses.replace(text_run("x" * length, width=1), **first)


@every
def test_the_numbers_of_every_position(case):
    found = measured(case)
    assert found.surprisal.mean().item() == pytest.approx(case["log_perplexity_nats"], abs=FLOAT32)
    assert found.entropy.mean().item() == pytest.approx(case["mean_entropy_nats"], abs=FLOAT32)
    np.testing.assert_allclose(found.varentropy, case["varentropy"], atol=FLOAT32)


@every
def test_the_figures_of_the_text(case):
    figures = series.summarise(run_of(case))
    assert figures.mean_surprisal == pytest.approx(case["log_perplexity_nats"], abs=FLOAT32)
    assert math.log(figures.perplexity) == pytest.approx(case["log_perplexity_nats"], abs=FLOAT32)
    assert figures.mean_entropy == pytest.approx(case["mean_entropy_nats"], abs=FLOAT32)
    gap = figures.mean_surprisal - figures.mean_entropy
    assert gap == pytest.approx(case["gap"], abs=FLOAT32)
    assert -gap == pytest.approx(case["repo_score_ll_plus_entropy"], abs=FLOAT32)
    ratio = -figures.mean_surprisal / figures.mean_entropy
    assert ratio == pytest.approx(case["repo_binocular_like_ratio"], abs=FLOAT32)
    assert figures.gap_z == pytest.approx(case["z"], abs=FLOAT32)


@every
def test_the_walk_ends_at_the_gap_and_the_band_at_twice_its_deviation(case):
    walk, count = series.gap_walk(run_of(case)), len(case["observed"])
    assert walk.walk[-1] / count == pytest.approx(case["gap"], abs=FLOAT32)
    assert 2 * walk.walk[-1] / walk.band[-1] == pytest.approx(case["z"], abs=FLOAT32)


def steps(case):
    """Return, for every position, surprisal − entropy of the symbols that can come, and p."""
    entropy = measured(case).entropy.double().numpy()
    for probs, expected in zip(np.array(case["probs"]), entropy, strict=True):
        possible = probs[probs > 0]
        yield -np.log(possible) - expected, possible


def observed_gap(case):
    probs = np.array(case["probs"])[np.arange(len(case["observed"])), case["observed"]]
    return -np.log(probs).sum() - measured(case).entropy.double().sum().item()


@every
def test_a_text_of_the_models_own_has_no_gap_on_average_and_these_tails(case):
    totals, weights = np.zeros(1), np.ones(1)
    for gaps, probs in steps(case):  # every text there is
        totals = (totals[:, None] + gaps).ravel()
        weights = (weights[:, None] * probs).ravel()
    far = abs(observed_gap(case))
    at_least = weights[totals >= far - 1e-6].sum()
    at_most = weights[totals <= -far + 1e-6].sum()
    assert weights @ totals == pytest.approx(case["mean_of_gap_under_null"], abs=FLOAT32)
    assert at_least == pytest.approx(case["P_exact_gap_ge_abs"], abs=1e-6)
    assert at_most == pytest.approx(case["P_exact_gap_le_minus_abs"], abs=1e-6)
    assert at_least <= case["chernoff_upper"]
    assert at_most <= case["chernoff_lower"]


@every
@pytest.mark.parametrize(("key", "side"), [("chernoff_upper", 1), ("chernoff_lower", -1)])
def test_the_tails_are_bounded_by_the_moments_of_the_gap(key, side, case):
    # Chernoff: the least over s of E exp(s · gap) exp(−s · observed).
    tilts = np.linspace(1e-4, 1 - 1e-4, 5000) if side == 1 else np.linspace(1e-4, 30, 20000)
    logs = sum(np.log(probs @ np.exp(side * gaps[:, None] * tilts)) for gaps, probs in steps(case))
    bound = np.exp(logs - tilts * abs(observed_gap(case))).min()
    assert bound == pytest.approx(case[key], abs=1e-5)
