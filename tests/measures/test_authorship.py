"""The e-value of authorship: exact by enumeration, on the vectors of B § 5 and on warps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from backend.measures.authorship import GRID, log_e_values, log_moments, spread, warped
from tests.vectors.reading import block, cases

BLOCK = block("b", "5_zero_shot_gap")
every = pytest.mark.parametrize("case", cases(BLOCK["vectors"]))


def every_text(probs):
    """Return p of every text there is, and its log e-value after each token, [texts, N]."""
    log_p = torch.tensor(probs, dtype=torch.float64).log()
    entropy, _ = spread(log_p)
    moments = log_moments(log_p, entropy)
    shares, rows = [], []
    for text in itertools.product(*(range(len(each)) for each in probs)):
        p = [row[token] for row, token in zip(probs, text, strict=True)]
        if min(p) > 0:
            shares.append(math.prod(p))
            rows.append(
                log_e_values(-torch.tensor(p, dtype=torch.float64).log() - entropy, moments).numpy()
            )
    return np.array(shares), np.stack(rows)


@every
def test_its_mean_over_all_texts_is_one_at_every_length(case):
    shares, rows = every_text(case["probs"])
    np.testing.assert_allclose(shares @ np.exp(rows), 1, atol=1e-12)


@every
@pytest.mark.parametrize("delta", [0.5, 0.2, 0.05])
def test_it_ever_reaches_one_over_delta_at_most_so_often(case, delta):
    shares, rows = every_text(case["probs"])
    assert shares[rows.max(1) >= -math.log(delta)].sum() <= delta


@every
def test_entropy_and_varentropy_of_the_vectors(case):
    entropy, variance = spread(torch.tensor(case["probs"], dtype=torch.float64).log())
    assert entropy.mean().item() == pytest.approx(case["mean_entropy_nats"], abs=1e-10)
    np.testing.assert_allclose(variance, case["varentropy"], atol=1e-10)


def test_a_text_that_is_always_the_likeliest_is_found_out():
    log_p = torch.tensor([[0.4, 0.3, 0.2, 0.1]] * 60, dtype=torch.float64).log()
    entropy, _ = spread(log_p)
    rows = log_e_values(-math.log(0.4) - entropy, log_moments(log_p, entropy)).numpy()
    assert rows[-1] > math.log(1000)
    assert (np.diff(rows) > 0)[1:].all()


def test_a_token_that_cannot_come_settles_it():
    log_p = torch.tensor([[0.5, 0.5, 0.0]] * 3, dtype=torch.float64).log()
    entropy, variance = spread(log_p)
    np.testing.assert_allclose(entropy, math.log(2))
    np.testing.assert_allclose(variance, 0, atol=1e-12)
    gaps = torch.tensor([math.log(2), math.inf, math.log(2)]) - entropy
    rows = log_e_values(gaps, log_moments(log_p, entropy)).numpy()
    assert np.isfinite(rows[0])
    assert (rows[1:] == np.inf).all()


def test_moments_are_those_of_renyi_entropies():
    p = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    entropy, _ = spread(p.log())
    for s, found in zip(GRID, log_moments(p.log(), entropy).tolist(), strict=True):
        renyi = math.log(float((p ** (1 - s)).sum())) / s
        assert found == pytest.approx(s * (renyi - float(entropy)), abs=1e-12)


def test_warps_are_what_is_drawn_from():
    p = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    cool = p ** (1 / 0.7)
    np.testing.assert_allclose(warped(p.log(), 0.7).exp(), cool / cool.sum())
    np.testing.assert_allclose(warped(p.log(), top_k=2).exp(), [2 / 3, 1 / 3, 0])
    np.testing.assert_allclose(warped(p.log(), top_k=9).exp(), p)
