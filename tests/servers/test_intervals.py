"""A server's likeliest tokens become bounds on the entropy; its faults become one sentence."""

from __future__ import annotations

import logging
import traceback

import numpy as np
import pytest
import torch

import backend
from backend.errors import CancelledError, InputError, ModelError, OverBudgetError
from backend.measures.intervals import entropy_bounds
from backend.servers import client, connect, connections
from backend.settings import settings
from backend.storage.permalink import encode
from tests.servers.model_server import KEY, serving

TEXT = "The quick brown fox jumps over the 12 é🙂 dogs."
DIALECTS = ("vllm", "echo", "llama")
WAYS = {"vllm": "prompt_logprobs", "echo": "echo", "llama": "one by one"}


@pytest.fixture(autouse=True)
def no_servers(monkeypatch):
    monkeypatch.setattr(connections, "_own", {})
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def server(tiny_model):
    """A function: dialect to a running server that is connected as "lab"."""
    running = []

    def start(dialect, **more):
        context = serving(tiny_model("gpt2"), dialect)
        made = context.__enter__()
        running.append(context)
        vocabulary = 0 if dialect == "llama" else made.model.facts.vocab_size
        connect("lab", made.address, **{"key": KEY, "vocabulary": vocabulary, **more})
        return made

    yield start
    for context in running:
        context.__exit__(None, None, None)


def ask(**fields):
    return backend.study_intervals(None, fields.pop("text", TEXT), server="lab", **fields)


# The bounds


def brute(p, k):
    """Return the entropy of the whole distribution, and what is told of it."""
    p = np.sort(p)[::-1]
    return -(p[p > 0] * np.log(p[p > 0])).sum(), np.log(p[:k])


@pytest.mark.parametrize("ranked", [False, True])
def test_the_entropy_lies_between_the_bounds_in_a_thousand_random_cases(ranked):
    random = np.random.default_rng(0)
    for _ in range(1000):
        size = int(random.integers(2, 400))
        k = int(random.integers(1, size + 1))
        entropy, told = brute(random.dirichlet(np.full(size, random.uniform(0.02, 2))), k)
        low, high = entropy_bounds(torch.from_numpy(told), size, ranked=ranked)
        assert low <= entropy + 1e-9
        assert high >= entropy - 1e-9


def test_the_bounds_are_those_of_the_formula_where_the_order_is_not_known():
    p = np.array([0.5, 0.2, 0.1])
    seen, left = -(p * np.log(p)).sum(), 0.2
    low, high = entropy_bounds(torch.tensor(np.log(p)), 103, ranked=False)
    assert low.item() == pytest.approx(seen - left * np.log(left), abs=1e-12)
    assert high.item() == pytest.approx(seen - left * np.log(left) + left * np.log(100), abs=1e-12)


def test_the_lower_bound_is_reached_by_the_sharpest_rest_that_the_order_allows():
    # .2 is left and nothing may be above .07: two of .07 and one of .06.
    p = np.array([0.5, 0.23, 0.07])
    low, _ = entropy_bounds(torch.tensor(np.log(p)), 100, ranked=True)
    whole = np.array([0.5, 0.23, 0.07, 0.07, 0.07, 0.06])
    assert low.item() == pytest.approx(-(whole * np.log(whole)).sum(), abs=1e-12)


def test_bounds_meet_where_all_is_known_and_are_missing_where_nothing_is():
    both = torch.stack([torch.tensor([0.25, 0.75]).log(), torch.tensor([torch.nan, torch.nan])])
    low, high = entropy_bounds(both, 2, ranked=True)
    assert low[0].item() == high[0].item() == pytest.approx(0.5623351446, abs=1e-7)
    assert low[1].isnan()
    assert high[1].isnan()
    certain = entropy_bounds(torch.tensor([0.0, -torch.inf]), 50, ranked=True)
    assert [each.item() for each in certain] == [0.0, 0.0]


# Reading a text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_way_of_asking_bounds_the_exact_entropy(server, tiny_model, dialect):
    server(dialect)
    run = ask()
    exact = backend.study_text(tiny_model("gpt2"), TEXT)
    assert run.way == WAYS[dialect]
    assert len(run) == len(exact)
    inside = (run.low - 1e-4 <= exact.entropy) & (exact.entropy <= run.high + 1e-4)
    assert inside[1:].all()
    assert np.isnan([run.low[0], run.high[0], run.surprisal[0], run.seen[0]]).all()
    assert (run.high > run.low)[1:].all()
    known = ~np.isnan(run.surprisal)
    np.testing.assert_allclose(run.surprisal[known], exact.surprisal[known], atol=1e-4)
    assert known[1:].all() == (dialect != "llama")
    assert run.sampling == "before"
    run.check()


@pytest.mark.parametrize("dialect", ["vllm", "llama"])
def test_tokens_stand_where_they_stand_in_the_text(server, tiny_model, dialect):
    server(dialect)
    text = "The fox é jumps 🙂 over dogs."
    run, exact = ask(text=text), backend.study_text(tiny_model("gpt2"), text)
    assert run.text == text
    np.testing.assert_array_equal(run.token_ids, exact.token_ids)
    np.testing.assert_array_equal(run.offsets, exact.offsets)
    assert run.own_ids
    assert run.exact == (dialect == "llama")  # vLLM shows parts of characters as unknown text


def test_tokens_without_ids_share_a_number_where_they_look_alike(server):
    server("echo")
    run = ask(text="a b a b")
    assert not run.own_ids
    assert run.tokens[1] != run.tokens[0]
    assert run.token_ids.tolist() == [run.tokens.index(each) for each in run.tokens]


def test_a_beginning_that_the_server_puts_in_front_is_special(server):
    server("llama").bos = True
    run = ask(text="Fox")
    assert run.special.tolist() == [True] + [False] * (len(run) - 1)
    assert run.text.endswith("Fox")


def test_token_by_token_counts_its_requests_and_is_refused_beyond_a_limit(server):
    ours = server("llama")
    run = ask(text="The fox")
    assert run.requests == len(ours.asked)
    assert run.requests >= len(run) - 1
    with pytest.raises(OverBudgetError, match=r"asked once for every token: \d+ requests"):
        ask(most_requests=3)


def test_more_told_tokens_make_narrower_bounds(server):
    server("vllm")
    few, many, all_ = (ask(alternatives=each) for each in (2, 40, 379))
    assert ((many.high - many.low) <= (few.high - few.low) + 1e-5)[1:].all()
    assert (all_.high - all_.low)[1:].max() < 0.02


# Writing


@pytest.mark.parametrize("dialect", ["llama", "hosted"])
def test_what_a_server_writes_has_bounds_from_its_first_token(server, tiny_model, dialect):
    server(dialect)
    run = ask(task="write", steps=6, text="The quick")
    ids = list(tiny_model("gpt2").tokenizer.encode("The quick").ids)
    rows = []
    for _ in range(6):
        hidden = tiny_model("gpt2").hidden_states(torch.tensor([ids]))
        rows.append(tiny_model("gpt2").unembed(hidden)[0, -1].double().log_softmax(-1))
        ids.append(int(rows[-1].argmax()))
    entropy = np.array([-(row.exp() * row).sum().item() for row in rows])
    assert len(run) == 6
    assert (run.low <= entropy + 1e-4).all()
    assert (entropy <= run.high + 1e-4).all()
    assert run.text == tiny_model("gpt2").tokenizer.decode(ids[-6:])
    assert run.way == "written"


@pytest.mark.parametrize("dialect", ["llama", "hosted"])
def test_continuations_are_rows_of_intervals_drawn_by_the_server(server, tiny_model, dialect):
    ours = server(dialect)
    ours.draws = torch.Generator().manual_seed(0)
    run = ask(task="write", steps=4, continuations=3, temperature=0.8, top_p=0.9, text="The quick")
    run.check()
    model = tiny_model("gpt2")
    between = run.special
    assert between.tolist() == [False] * 4 + [True] + [False] * 4 + [True] + [False] * 4
    assert run.continuation.tolist() == [0] * 5 + [1] * 5 + [2] * 4
    assert np.isnan([run.low[between], run.high[between], run.surprisal[between]]).all()
    assert run.own_ids == (dialect == "llama")
    for row in range(3) if run.own_ids else ():
        ids = list(model.tokenizer.encode("The quick").ids)
        for place in np.flatnonzero((run.continuation == row) & ~between):
            logprobs = model.unembed(model.hidden_states(torch.tensor([ids])))[0, -1].log_softmax(
                -1
            )
            entropy = -(logprobs.exp() * logprobs).sum().item()
            assert run.low[place] - 1e-4 <= entropy <= run.high[place] + 1e-4
            ids.append(int(run.token_ids[place]))
    chats = [body for path, body in ours.asked if path.endswith("/chat/completions")]
    assert {(each["temperature"], each["top_p"]) for each in chats} == {(0.8, 0.9)}
    assert len(chats) == 3 + (dialect == "hosted")  # which refuses words it does not know, once
    rows = [run.token_ids[(run.continuation == row) & ~between].tolist() for row in range(3)]
    assert len({*map(tuple, rows)}) > 1


def test_one_continuation_is_what_it_always_was(server):
    server("llama")
    run = ask(task="write", steps=3)
    assert run.continuation is None
    assert run.request.key == ask(task="write", steps=3, continuations=1).request.key


@pytest.mark.parametrize(
    "wrong", [{"continuations": 0}, {"continuations": 33}, {"temperature": 3.0}, {"top_p": 0.0}]
)
def test_sampling_that_no_server_has_is_refused(server, wrong):
    ours = server("llama")
    with pytest.raises(InputError):
        ask(task="write", **wrong)
    assert not ours.asked


def test_probabilities_after_sampling_are_told_apart(server):
    server("llama").after = True
    run = ask(task="write", steps=3)
    assert run.sampling == "after"
    assert (run.seen > 0.9999).all()
    assert (run.low >= 0).all()


# What goes wrong


def test_a_busy_server_is_asked_again(server):
    ours = server("vllm")
    ours.troubles = ["busy", "busy"]
    assert ask().requests == 4


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("busy", r"too busy \(429\)"),
        ("broken", "not JSON"),
        ("elsewhere", "not followed"),
        ("gone", "cannot be reached, or broke off"),
        ("fault", r"refused \(500\). fault of … at …"),
    ],
)
def test_every_fault_of_a_server_is_one_sentence_without_key_and_address(server, trouble, reason):
    ours = server("vllm")
    ours.troubles = [trouble] * 9
    with pytest.raises(ModelError, match=reason) as caught:
        ask()
    shown = "".join(traceback.format_exception(caught.value))
    assert "\n" not in str(caught.value)
    assert KEY not in shown
    assert ours.address.removesuffix("/v1") not in shown


def test_a_slow_server_is_given_up(server, monkeypatch):
    monkeypatch.setattr(client, "SECONDS", 0.2)
    monkeypatch.setattr(client.Client.__init__, "__defaults__", (0.2,))
    server("vllm").troubles = ["slow"]
    with pytest.raises(ModelError, match="took too long"):
        ask()


@pytest.mark.parametrize(
    ("trouble", "reason"), [("broken stream", "not JSON"), ("error in stream", "out of memory")]
)
def test_a_stream_that_breaks_is_no_run(server, trouble, reason):
    server("llama").troubles = ["", trouble]
    with pytest.raises(ModelError, match=reason):
        ask(task="write", steps=5)


def test_a_study_can_be_stopped_between_two_requests(server):
    server("llama")

    def stop(progress):
        if progress.done == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        backend.study_intervals(None, TEXT, server="lab", report=stop)


def test_a_wrong_key_is_said_and_not_told(server):
    server("vllm", key="sk-wrong-987")
    with pytest.raises(ModelError, match="wants another key") as caught:
        ask()
    assert "sk-wrong" not in str(caught.value)


def test_a_server_that_cannot_score_a_text_says_so(server):
    server("hosted")
    with pytest.raises(ModelError, match="Let it write instead"):
        ask()


def test_a_vocabulary_that_nobody_tells_is_asked_for(server):
    server("vllm", vocabulary=0)
    with pytest.raises(InputError, match='Add "vocabulary"'):
        ask()


# What stays secret


def test_neither_key_nor_address_gets_into_runs_links_logs_or_representations(
    server, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    ours = server("vllm")
    run = ask()
    host = ours.address.removesuffix("/v1").removeprefix("http://")
    file = run.save(tmp_path / "run.safetensors").read_bytes()
    link = encode(run.request)
    page = run.report(tmp_path / "run.html").read_text()
    shown = [repr(connections.connection("lab")), caplog.text, page, file.decode("latin-1"), link]
    for secret in (KEY, host):
        assert not any(secret in each for each in shown)


def test_servers_of_the_settings_are_known_by_name_and_hide_their_keys(monkeypatch):
    monkeypatch.setenv("ENTROSCOPE_SERVERS", '{"lab": {"address": "http://h:1", "key": "sk-9"}}')
    settings.cache_clear()
    found = connections.connection("")
    assert (found.name, found.address, found.key) == ("lab", "http://h:1/v1", "sk-9")
    assert "sk-9" not in repr(settings())
    assert "h:1" not in repr(settings())
    with pytest.raises(InputError, match="known: lab"):
        connections.connection("other")


def test_without_any_server_the_way_to_name_one_is_told():
    with pytest.raises(InputError, match="ENTROSCOPE_SERVERS"):
        ask()


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:81/v1", "http://169.254.169.254/", "https://good.example:444",
     "http://good.example", "http://good.example@evil.example/", "file:///etc/passwd", "lab"],
)  # fmt: skip
def test_only_addresses_that_an_administrator_allows_can_be_connected_to(monkeypatch, address):
    monkeypatch.setenv("ENTROSCOPE_SERVER_ADDRESSES", '["https://good.example/v1"]')
    settings.cache_clear()
    connect("good", "https://good.example/v1/")
    with pytest.raises(InputError):
        connect("evil", address)
    assert connections.names() == ["good"]


def test_who_lets_readers_type_an_address_can_bring_a_check_of_its_own():
    def refuse(address):
        raise InputError("not from here")

    with pytest.raises(InputError, match="not from here"):
        connect("lab", "http://127.0.0.1:1", check=refuse)
