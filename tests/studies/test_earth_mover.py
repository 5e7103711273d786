"""Earth mover: costs against float64, what nothing predicts, the swap, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import backend
from backend.derived import number
from backend.derived.earth_mover import nearest, swapped
from backend.errors import InputError
from backend.lenses.read.earth_mover import misses
from backend.storage.examples import EXAMPLES
from backend.storage.files import load_run

TEXT = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="module")
def model(tiny_model):
    return tiny_model("llama")


@pytest.fixture(scope="module")
def run(model):
    return backend.study_earth_mover(model, text=TEXT, others=4)


@pytest.fixture(scope="module")
def exact(model, run):
    """Probabilities before every token but the first, and distances of all tokens; float64."""
    ids = torch.from_numpy(run.token_ids).long()[None]
    with torch.no_grad():
        p = model.torch_model(ids).logits[0, :-1].double().softmax(-1).numpy()
    rows = model.torch_model.get_output_embeddings().weight.detach().double().numpy()
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return p, 1 - rows[run.token_ids[1:]] @ rows.T


def test_the_cost_is_that_of_every_token_by_its_probability(run, exact):
    p, distances = exact
    run.check()
    np.testing.assert_allclose(run.cost[1:], (p * distances).sum(1), atol=1e-5)
    np.testing.assert_allclose(run.chance[1:], distances.mean(1), atol=1e-5)
    came = p[np.arange(len(p)), run.token_ids[1:]]
    np.testing.assert_allclose(run.surprisal[1:], -np.log(came), atol=1e-5)
    np.testing.assert_allclose(run.cost[1:], (1 - came) * run.miss[1:], atol=1e-5)
    for name in ("cost", "surprisal", "miss", "chance", "against_chance", "almost"):
        assert np.isnan(number(run, name).values[0])


def test_kept_are_the_likeliest_that_did_not_come(run, exact):
    p, distances = exact
    for place, came in enumerate(run.token_ids[1:]):
        kept = run.other_ids[place + 1]
        assert came not in kept
        others = np.delete(p[place], came)
        np.testing.assert_allclose(
            np.exp(run.other_logprobs[place + 1]), np.sort(others)[::-1][:4], atol=1e-6
        )
        np.testing.assert_allclose(run.other_costs[place + 1], distances[place, kept], atol=1e-5)


def test_swapped_misses_move_the_cost_and_leave_what_came(run, exact):
    p, distances = exact
    near, far, cost = swapped(run, 3)
    other, ids = p[2].copy(), run.other_ids[3, [near, far]]
    other[ids] = other[ids[::-1]]
    assert cost == pytest.approx((other * distances[2]).sum(), abs=1e-5)
    assert other[run.token_ids[3]] == p[2, run.token_ids[3]]


def test_a_certain_prediction_costs_nothing_and_has_no_misses(tiny_model):
    from backend.studies.earth_mover import EarthMoverTap

    model = tiny_model("llama")
    tap = EarthMoverTap(2, 1)
    ids = torch.tensor([[1, 3]])
    tap.start(model, ids)
    logits = torch.full((1, model.facts.vocab_size), -torch.inf)
    logits[0, 3] = 0
    tap.on_logits(1, logits)
    assert tap.arrays["cost"][1] == 0
    assert tap.arrays["surprisal"][1] == 0
    assert np.isnan(tap.arrays["miss"][1])


def test_the_picture_of_a_token_names_its_misses_and_what_a_swap_costs():
    run = load_run(EXAMPLES / "earth_mover_fact.safetensors")
    assert nearest(run)[11] == " Germany"
    spec = misses(run, "nats", {"token": "11", "way": "swapped"})
    assert spec is not None
    assert len(spec["datasets"]["points"]) == run.request.others
    assert "surprisal stays" in spec["title"]["subtitle"]
    assert misses(run, "nats", {"token": "0"}) is None


def test_sums_are_nearer_misses_than_prose():
    sums, prose = (
        float(
            number(
                load_run(EXAMPLES / f"earth_mover_{name}.safetensors"), "cost_against_chance"
            ).values
        )
        for name in ("arithmetic", "garden_path")
    )
    assert sums < 0.6 * prose


@pytest.mark.parametrize(("text", "others"), [("", 3), ("a", 3), ("a b c", 0), ("a b c", 10**6)])
def test_what_cannot_be_measured_is_refused(model, text, others):
    with pytest.raises(InputError, match=r"."):
        backend.study_earth_mover(model, text=text, others=others)
