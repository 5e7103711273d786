"""Who writes the next token by rolling entropy (vectors of A § 4)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.derived.two_models import cost
from backend.measures.switching import replay, rolling_mean
from tests.vectors.reading import EXACT, block, cases, doubles

BLOCK = block("a", "4_ead")
every = pytest.mark.parametrize("case", cases(BLOCK["cases"]))


@every
def test_the_mean_is_over_the_last_tokens_that_there_are(case):
    found = rolling_mean(doubles(BLOCK["H"]), case["w"])
    # The files hold ten decimals.
    assert found.tolist() == pytest.approx(case["rolling"], abs=EXACT)


@every
def test_the_model_changes_as_the_rule_says(case):
    large = replay(doubles(BLOCK["H"]), case["tau"], case["w"], case["d_min"])
    assert "".join("SL"[int(each)] for each in large) == case["models"]
    assert large.double().mean() == pytest.approx(case["frac_large"], abs=EXACT)
    assert int((large[1:] != large[:-1]).sum()) == case["switches"]
    assert case["init"] == "SL"[int(large[0])]


def test_the_cost_is_the_papers():
    # An 11B and a 3B model, 43 % of tokens on the large one: 41.5 % less.
    assert float(cost(np.array(0.43), 3 / 11)) == pytest.approx(0.5855, abs=5e-5)
