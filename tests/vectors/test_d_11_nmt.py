"""The law of translation: losses, the best split of a budget, and fits to points."""

from __future__ import annotations

import math

import pytest

from backend.measures.translation import TranslationLaw, fit_law, profile
from tests.vectors.reading import block, cases, doubles

BLOCK = block("d", "11_nmt")
WITHIN = BLOCK["tolerance"]


def law_of(case):
    sizes = (case.get("N_e0", 1e8), case.get("N_d0", 1e8))
    return TranslationLaw(case["alpha"], case["p_e"], case["p_d"], case["L_inf"], sizes)


@pytest.mark.parametrize("case", cases(BLOCK["cases"]))
def test_every_case(case):
    if "points" not in case:
        law = law_of(case)
        if "budget" in case:
            assert law.best_encoder(case["budget"]) == pytest.approx(case["N_e"], rel=WITHIN)
            assert 1 - law.best_encoder(1) == pytest.approx(case["decoder_share"], abs=WITHIN)
            half = doubles([case["budget"] / 2])
            even = float(law.loss(half, half))
            assert even == pytest.approx(case["loss_half_half"], abs=WITHIN)
        sizes = doubles([case["N_e"]]), doubles([case["N_d"]])
        loss = float(law.loss(*sizes))
        assert loss == pytest.approx(case["loss"], abs=WITHIN)
        if "reducible" in case:
            assert float(law.reducible(*sizes)) == pytest.approx(case["reducible"], abs=WITHIN)
            assert math.exp(loss) == pytest.approx(case["perplexity"], abs=1e-5)
        return
    points = doubles(case["points"])
    if "grid" in case:
        fits = profile(points, case["grid"])
        assert [each.error for each in fits] == pytest.approx(case["rms"], abs=WITHIN)
        fit = min(fits, key=lambda each: each.error)
        assert fit.law.floor == case["best_L_inf"]
    else:
        fit = fit_law(points, case["L_inf_given"])
        assert fit.rank == case["rank"]
        assert fit.error == pytest.approx(case["rms_log_residual"], abs=WITHIN)
    found = (fit.law.scale, fit.law.encoder, fit.law.decoder)
    assert found == pytest.approx((case["alpha"], case["p_e"], case["p_d"]), abs=WITHIN)


def test_a_loss_below_the_floor_is_refused():
    with pytest.raises(ValueError, match="above the floor"):
        fit_law(doubles([[1e8, 1e8, 1.1]]), 1.2)
