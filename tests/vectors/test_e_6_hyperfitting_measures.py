"""A model before and after hyperfitting: entropies, matched temperature, changed choices."""

from __future__ import annotations

import pytest

from backend.measures.hyperfitting import (
    choice_agreement,
    matched_temperature,
    rank_before,
    repeated_ngrams,
    type_token_ratio,
)
from backend.measures.multiple_instance import attention_entropy as entropy_of
from tests.vectors.reading import block, doubles


@pytest.mark.parametrize("case", block("e", "6_hyperfitting_measures"), ids=lambda c: str(c["n"]))
def test_before_and_after(case):
    before, after = doubles(case["logits_before"]), doubles(case["logits_after"])
    assert entropy_of(before).tolist() == pytest.approx(case["entropy_before"], abs=1e-9)
    assert entropy_of(after).tolist() == pytest.approx(case["entropy_after"], abs=1e-9)
    heat = matched_temperature(before, float(entropy_of(after).mean()))
    assert heat == pytest.approx(case["temperature_that_matches_mean_entropy"], abs=1e-7)
    agreement = choice_agreement(before, after)
    assert agreement == pytest.approx(case["argmax_agreement"], abs=1e-9)
    assert rank_before(before, after).tolist() == case["base_rank_of_new_argmax"]
    assert type_token_ratio(case["tokens"]) == pytest.approx(case["ttr"], abs=1e-9)
    repeated = repeated_ngrams(case["tokens"], case["n"])
    assert repeated == pytest.approx(case["repeated_ngrams"], abs=1e-9)
