"""What samplers make of a distribution, asked for by the browser; and how long a run takes."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from backend import samplers
from backend.decoding.next_token import next_token_probabilities
from backend.decoding.one_step import apply_samplers, catalogue, temperature_sweep
from backend.runs.trajectories import TrajectoryRequest, plans
from backend.studies import STUDIES, ignore
from backend.web.estimates import estimate_routes
from backend.web.samplers import sampler_routes

HEADERS = {"X-Entroscope": "1"}
P = [0.42, 0.23, 0.12, 0.08, 0.06, 0.04, 0.03, 0.02]
SAMPLERS = ["greedy", ("top_k", {"k": 5}), ("top_p", {"p": 0.8}), "eta", "mirostat_v2"]


def plain(entries: list) -> list:
    return [
        [{"name": each.name, "parameters": each.parameters} for each in plan]
        for plan in plans(entries)
    ]


@pytest.fixture(scope="module")
def decoded(tiny_model):
    request = TrajectoryRequest(
        prompt="The cat sat on the", samplers=plans(SAMPLERS), steps=6, seeds=(1, 2), compare=True,
        stop_at_end=False,
    )  # fmt: skip
    return STUDIES["trajectories"].run(tiny_model("llama"), request, ignore)


@pytest.fixture
def client(decoded, tiny_model):
    """Routes in front of a tiny model; ``asked`` counts how often it had to read."""
    asked = []

    def next_token(spec, ids):
        asked.append(ids)
        found = next_token_probabilities(tiny_model("llama"), ids)
        return SimpleNamespace(result=lambda timeout: found)

    source = SimpleNamespace(
        run_of=lambda content: decoded if content == "here" else None,
        sampler_catalogue=catalogue,
        next_token=next_token,
        apply_samplers=apply_samplers,
        temperature_sweep=temperature_sweep,
        estimate_seconds=lambda request: 2.0 * request.steps if request.steps < 100 else None,
    )
    client = TestClient(Starlette(routes=[*sampler_routes(source), *estimate_routes(source)]))
    client.asked = asked
    return client


def ask(client, **said):
    answer = client.post("/sampling/step", json=said, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()


# ── the samplers there are ───────────────────────────────────────────────────────────────────────


def test_every_declared_sampler_is_offered_with_its_parameters(client):
    found = {each["name"]: each for each in client.get("/sampling").json()}
    assert sorted(found) == samplers.names()
    k = found["top_k"]["parameters"][0]
    assert (k["name"], k["default"], k["low"], k["high"]) == ("k", 50, 1, 200)
    assert found["top_p"]["mathml"].startswith("<math")
    assert "typical_p" in found["typical"]["parameters"][0]["aliases"]


def test_a_rule_that_its_first_parameter_does_not_change_has_no_knob(client):
    found = {each["name"]: each["knob"] for each in client.get("/sampling").json()}
    assert [name for name, knob in found.items() if not knob] == ["greedy"]


def test_what_mirostat_counts_in_bits_is_shown_as_information(client):
    found = {each["name"]: each for each in client.get("/sampling").json()}
    tau = found["mirostat_v2"]["parameters"][0]
    assert tau["times"] == pytest.approx(math.log(2))
    assert (tau["quantity"]["unit"], tau["quantity"]["power"]) == ("nats", 1)


# ── a step of a run ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("row", "step"), [(0, 0), (3, 2), (9, 5)])
def test_a_step_is_judged_as_the_run_judged_it(client, decoded, row, step):
    sampler, seed = divmod(row, 2)
    found = ask(
        client, content="here", row=row, step=step, samplers=plain(SAMPLERS), of=list(range(5))
    )
    at = (slice(None), sampler, seed, step)
    for name, stored in (("count", "count"), ("mass", "mass"), ("after", "entropy")):
        values = [each[name] for each in found["samplers"]]
        assert values == pytest.approx(getattr(decoded, f"compare_{stored}")[at].tolist(), abs=2e-5)
    probs = np.array([each["probs"] for each in found["samplers"]])
    np.testing.assert_allclose(probs, decoded.compare_probs[at][:, :20], atol=2e-5)
    assert found["entropy"] == pytest.approx(decoded.entropy[sampler, seed, step], abs=1e-4)
    assert found["varentropy"] == pytest.approx(decoded.varentropy[sampler, seed, step], abs=1e-3)


def test_another_sampler_judges_the_same_step(client):
    few, many = (
        ask(client, content="here", row=0, step=1, samplers=plain([("top_k", {"k": k})]), of=[None])
        for k in (1, 9)
    )
    assert (few["samplers"][0]["count"], many["samplers"][0]["count"]) == (1, 9)


def test_the_model_reads_a_step_once(client):
    for k in (2, 3, 4):
        ask(client, content="here", row=0, step=1, samplers=plain([("top_k", {"k": k})]), of=[None])
    assert len(client.asked) == 1


def test_the_models_own_distribution_is_that_of_transformers(tiny_model, decoded):
    import torch

    model = tiny_model("llama")
    ids = (*decoded.prompt_ids.tolist(), *decoded.token_ids[0, 0, :3].tolist())
    with torch.inference_mode():
        logits = model.torch_model(torch.tensor([ids])).logits[0, -1].double()
    expected = torch.softmax(logits, -1).numpy()
    np.testing.assert_allclose(next_token_probabilities(model, ids), expected, atol=1e-6)


# ── distributions made by hand ───────────────────────────────────────────────────────────────────


def test_dropped_tokens_have_probability_zero(client):
    found = ask(client, probs=[0.7, 0.3], samplers=plain(["greedy"]))
    assert found["raw"] == [0.7, 0.3]
    assert found["samplers"][0]["probs"] == [1.0, 0.0]
    assert found["samplers"][0]["mass"] == pytest.approx(0.7)


def test_weights_are_made_to_sum_to_one(client):
    found = ask(client, probs=[42, 23, 12, 8, 6, 4, 3, 2], samplers=plain([("top_k", {"k": 3})]))
    assert found["raw"] == pytest.approx(P)
    assert found["samplers"][0]["kl"] == pytest.approx(-math.log(0.77))


def test_temperature_first_lets_more_in_than_last(client):
    def kept(order):
        heat = {"temperature": 2.0, "temperature_order": order}
        entries = ["greedy", ("temperature", {"temperature": 2.0})]
        entries += [("top_k", {"k": 50, **heat}), ("top_p", {"p": 0.9, **heat})]
        entries += [("min_p", {"min_p": 0.1, **heat})]
        found = ask(client, probs=P, samplers=plain(entries))
        return [each["count"] for each in found["samplers"]]

    first, last = kept("first"), kept("last")
    assert first[:3] == last[:3] == [1, 8, 8]
    assert (first[3], last[3]) == (7, 5)
    assert first[4] > last[4]


def test_entropy_rises_with_temperature_as_its_varentropy_says(client):
    found = ask(client, probs=[0.6, 0.3, 0.1], samplers=plain(["temperature"]), sweep=True)
    heats, entropy = np.array(found["temperatures"]), np.array(found["sweep"])
    at = int(np.abs(heats - 1).argmin())
    shares = np.array([0.6, 0.3, 0.1])
    surprisal = -np.log(shares)
    varentropy = shares @ (surprisal - shares @ surprisal) ** 2
    assert found["varentropy"] == pytest.approx(varentropy)
    assert heats[at] == 1
    assert entropy[at] == pytest.approx(shares @ surprisal)
    slope = (entropy[at + 1] - entropy[at - 1]) / (heats[at + 1] - heats[at - 1])
    assert slope == pytest.approx(varentropy, rel=0.05)  # dH/dT = V/T, and T is 1
    assert found["samplers"][0]["sweep"] == pytest.approx(found["sweep"])


def test_no_sweep_is_made_that_nobody_asked_for(client):
    found = ask(client, probs=P, samplers=plain(["greedy"]))
    assert found["temperatures"] == found["sweep"] == found["samplers"][0]["sweep"] == []


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        {"probs": [0.0, 0.0], "samplers": plain(["greedy"])},
        {"probs": [-1, 2], "samplers": plain(["greedy"])},
        {"probs": [0.5] * 65, "samplers": plain(["greedy"])},
        {"probs": ["x"], "samplers": plain(["greedy"])},
        {"probs": P, "samplers": [[]]},
        {"probs": P, "samplers": plain(["greedy"]) * 13},
        {"probs": P, "samplers": [[{"name": "unheard_of", "parameters": {}}]]},
        {"probs": P, "samplers": [[{"name": "top_k", "parameters": {"k": 0}}]]},
        {"probs": P, "samplers": [[{"name": "top_k"}]]},
        {"probs": P},
        {"content": "gone", "row": 0, "step": 0, "samplers": plain(["greedy"]), "of": [None]},
        {"content": "here", "row": 99, "step": 0, "samplers": plain(["greedy"]), "of": [None]},
        {"content": "here", "row": 0, "step": 99, "samplers": plain(["greedy"]), "of": [None]},
        {"content": "here", "row": -1, "step": 0, "samplers": plain(["greedy"]), "of": [None]},
        [],
        "text",
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(client, said):
    answer = client.post("/sampling/step", json=said, headers=HEADERS)
    assert answer.status_code == 400
    assert answer.text
    assert "\n" not in answer.text


def test_questions_from_elsewhere_and_endless_ones_are_refused(client):
    assert client.post("/sampling/step", json={"probs": P}).status_code == 403
    assert client.post("/estimate", json={}).status_code == 403
    long = client.post("/sampling/step", content=b" " * 300_000, headers=HEADERS)
    assert long.status_code == 413


# ── estimates ────────────────────────────────────────────────────────────────────────────────────


def estimate(client, **fields):
    said = {
        "kind": "trajectories",
        "model": {"source": "bundled", "revision": None, "device": "auto", "dtype": "auto"},
        "fields": {"prompt": "Once", "samplers": plain(["greedy"]), **fields},
    }
    return client.post("/estimate", json=said, headers=HEADERS)


def test_the_time_of_a_run_is_told_before_it_is_asked_for(client):
    assert estimate(client, steps=7).json() == {"seconds": 14.0}


def test_a_time_nobody_measured_is_no_time(client):
    assert estimate(client, steps=500).json() == {"seconds": None}


def test_fields_that_make_no_request_have_no_time(client):
    assert estimate(client, steps="many").json() == {"seconds": None, "refused": True}
