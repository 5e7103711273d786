"""The rules that transformers has keep exactly the same tokens."""

from __future__ import annotations

import pytest
import torch
from transformers.generation import logits_process as theirs

from backend import samplers
from tests.samplers.helpers import apply, random_logits

PAIRS = {
    "top_k": ("k", lambda value: theirs.TopKLogitsWarper(int(value)), (1, 5, 50, 700, 5000)),
    "top_p": ("p", theirs.TopPLogitsWarper, (0.05, 0.5, 0.9, 0.99, 1.0)),
    "min_p": ("min_p", theirs.MinPLogitsWarper, (0.0, 0.01, 0.1, 0.5, 1.0)),
    "typical": ("mass", theirs.TypicalLogitsWarper, (0.05, 0.2, 0.5, 0.9, 0.99)),
    "epsilon": ("epsilon", theirs.EpsilonLogitsWarper, (1e-4, 3e-4, 1e-2, 0.3, 0.9)),
    "eta": ("epsilon", theirs.EtaLogitsWarper, (1e-4, 3e-4, 1e-2, 0.3, 0.9)),
    "top_h": ("alpha", theirs.TopHLogitsWarper, (0.05, 0.2, 0.4, 0.7, 0.95)),
}
CASES = [(name, value) for name, (_, _, values) in PAIRS.items() for value in values]


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.0])
@pytest.mark.parametrize(("name", "value"), CASES)
@pytest.mark.parametrize("spread", [0.3, 3.0, 12.0])
def test_kept_sets_and_probabilities_are_equal(name, value, temperature, spread):
    parameter, warper, _ = PAIRS[name]
    given = {parameter: value, "temperature": temperature}
    if name == "top_h":
        given["rule"] = "transformers"
    logits = random_logits(rows=6, size=3000, spread=spread)
    step = apply(samplers.make(name, **given), logits)
    warped = warper(value)(None, theirs.TemperatureLogitsWarper(temperature)(None, logits))
    assert torch.equal(step.kept, warped > -torch.inf)
    # Both are a softmax in float64; only the order of summation may differ.
    assert torch.allclose(step.probs, warped.softmax(-1), atol=1e-12)


@pytest.mark.parametrize(("name", "value"), CASES)
@pytest.mark.parametrize("spread", [0.3, 3.0, 12.0])
def test_kept_sets_are_equal_in_float32_but_for_tokens_at_the_edge(name, value, spread):
    parameter, warper, _ = PAIRS[name]
    rule = {"rule": "transformers"} if name == "top_h" else {}
    logits = random_logits(rows=6, size=3000, spread=spread).float()
    step = apply(samplers.make(name, **{parameter: value}, **rule), logits)
    kept = warper(value)(None, logits) > -torch.inf
    # Sums of 3,000 float32 numbers in another order are off in the last bits, which may put the
    # token at the edge on the other side.
    assert (step.kept != kept).sum(-1).max() <= 1


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.6])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_a_chain_is_a_list_of_their_processors(temperature, precision):
    logits = random_logits(rows=6, size=3000, spread=2.0).to(precision)
    chained = samplers.chain(
        [
            samplers.make("temperature", temperature),
            samplers.make("top_k", 60),
            samplers.make("top_p", 0.93),
            samplers.make("min_p", 0.02),
            samplers.make("typical", 0.8),
            samplers.make("epsilon", 1e-3),
            samplers.make("eta", 2e-3),
        ]
    )
    listed = theirs.LogitsProcessorList(
        [
            theirs.TemperatureLogitsWarper(temperature),
            theirs.TopKLogitsWarper(60),
            theirs.TopPLogitsWarper(0.93),
            theirs.MinPLogitsWarper(0.02),
            theirs.TypicalLogitsWarper(0.8),
            theirs.EpsilonLogitsWarper(1e-3),
            theirs.EtaLogitsWarper(2e-3),
        ]
    )
    step = apply(chained, logits)
    warped = listed(None, logits)
    assert torch.equal(step.kept, warped > -torch.inf)
    # Seven softmaxes instead of one.
    tolerance = 1e-5 if precision == torch.float32 else 1e-12
    assert torch.allclose(step.probs, warped.softmax(-1), atol=tolerance)
