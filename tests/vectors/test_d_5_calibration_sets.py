"""Sets chosen from a pool of candidates, and what stands behind their choice."""

from __future__ import annotations

import pytest
import torch

from backend.measures.calibration_sets import (
    Pool,
    agreement,
    chosen,
    diversity,
    fragments,
    gap,
    ranking_terms,
    surprise,
    unlikeness,
)
from tests.vectors.reading import block, doubles

BLOCK = block("d", "5_calibration_sets")
WITHIN = BLOCK["tolerance"]
CASES = BLOCK["cases"]
POOLS = [case for case in CASES if "quality" in case]
TEXTS = [case for case in CASES if "texts" in case]
COPIED = [case for case in CASES if "fragments" in case]
LOSSES = [case for case in CASES if "loss" in case]


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def near(value):
    return pytest.approx(value, abs=WITHIN)


def test_every_case_is_read():
    assert len(POOLS) + len(TEXTS) + len(COPIED) + len(LOSSES) == len(CASES)


@each(POOLS)
def test_sets_of_a_pool(case):
    count = len(case["quality"])
    pool = Pool(
        doubles(case["quality"]),
        doubles(case["loglik_per_token"]),
        doubles(case["length"]),
        torch.zeros(count, count).double(),
    )
    assert pool.best_first() == case["quality_order"]
    found = chosen(pool, case["k"])
    names = {
        "max_metric": "best",
        "min_metric": "worst",
        "extreme": "best and worst",
        "average": "middle",
        "min_gap": "smallest gaps",
        "top_likelihood": "likeliest",
        "longest": "longest",
        "min_surprise": "least surprise",
        "max_surprise": "most surprise",
    }
    for name, ours in names.items():
        assert list(found[ours]) == case[name], name
    assert gap(pool, found["widest gaps"]) == near(case["max_gap_value"])
    assert gap(pool, found["smallest gaps"]) == near(case["min_gap_value"])
    assert agreement(pool, found["least surprise"]) == near(case["min_surprise_rho"])
    assert agreement(pool, found["most surprise"]) == near(case["max_surprise_rho"])
    rho = agreement(pool, tuple(range(count)))
    assert rho == near(case["pool_rho"])
    assert surprise(rho) == near(case["pool_surprise"])


@each(TEXTS)
def test_diversity(case):
    count = len(case["texts"])
    zeros = torch.zeros(count).double()
    pool = Pool(zeros, zeros, zeros, unlikeness(case["texts"]))
    found = diversity(pool, tuple(range(count)))
    assert found == near(case["mean_pairwise_one_minus_jaccard"])


@each(COPIED)
def test_fragments(case):
    found = fragments(case["source"].split(), case["summary"].split())
    assert list(found.lengths) == case["fragments"]
    assert found.coverage == near(case["coverage"])
    assert found.density == near(case["density"])
    assert found.compression == near(case["compression"])


@each(LOSSES)
def test_ranking_loss(case):
    scores = case["scale"] * doubles(case["scores_best_first"])
    assert float(ranking_terms(scores, case["margin"]).sum()) == near(case["loss"])
