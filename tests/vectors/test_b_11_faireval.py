"""Two answers judged in both orders: calibrated scores, and how diverse the verdicts are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.derived import verdicts
from tests.vectors.reading import EXACT, block, cases

VECTORS = block("b", "11_faireval")["vectors"]
NAMES = ["win", "tie", "lose"]


@pytest.mark.parametrize("case", cases(VECTORS))
def test_every_case(case):
    if "outcomes" not in case:
        unanimous = np.full(6, verdicts.WIN)
        assert verdicts.bpde(unanimous) == pytest.approx(case["bpde"], abs=EXACT)
        return
    one = np.array(case["scores_order_12"])
    other = np.array(case["scores_order_21_already_mapped_back"])
    found = verdicts.outcomes(np.concatenate([one, other]))
    assert [NAMES[each] for each in found] == case["outcomes"]
    nats = verdicts.bpde(found)
    assert nats == pytest.approx(case["bpde_nats"], abs=EXACT)
    assert nats / math.log(2) == pytest.approx(case["bpde_bits"], abs=EXACT)
    vanilla = verdicts.bpde(verdicts.outcomes(one))
    assert vanilla == pytest.approx(case["vanilla_de_nats_first_order_only"], abs=EXACT)
    assert verdicts.calibrated(one, other) == pytest.approx(case["calibrated_scores"], abs=EXACT)
    assert math.log(3) == pytest.approx(case["max_bpde_nats"], abs=EXACT)


def test_a_pure_flip_of_places_is_less_diverse_than_all_three_verdicts():
    flip = np.array([verdicts.WIN] * 3 + [verdicts.LOSE] * 3)
    assert verdicts.bpde(flip) == pytest.approx(math.log(2))
