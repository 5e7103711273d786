"""The entropy of what was chosen over orders: contents, not letters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.derived.orders import choice_entropy
from tests.vectors.reading import EXACT, block, cases

VECTORS = block("b", "12_permutation_entropy")["vectors"]


def bits(chosen):
    names = sorted(set(chosen))
    places = np.array([names.index(each) for each in chosen])
    return choice_entropy(places, len(names)) / math.log(2)


@pytest.mark.parametrize("case", cases(VECTORS))
def test_every_case(case):
    wanted = case.get("entropy_over_contents_bits", case.get("entropy_bits"))
    assert bits(case["contents"]) == pytest.approx(wanted, abs=EXACT)
    if "letters" in case:
        wanted = case["entropy_over_letters_bits"]
        assert bits(case["letters"]) == pytest.approx(wanted, abs=EXACT)
    if "entropy_nats" in case:
        nats = bits(case["contents"]) * math.log(2)
        assert nats == pytest.approx(case["entropy_nats"], abs=EXACT)
        share = case["normalised_by_log2_of_4_options"]
        assert bits(case["contents"]) / 2 == pytest.approx(share, abs=EXACT)
