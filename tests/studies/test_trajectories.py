"""The trajectory study on small models: what is decoded, kept and reported."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

import backend
from backend import samplers
from backend.derived.branching import branch
from backend.derived.pace import seconds_per_step
from backend.derived.trajectory_text import text_measures
from backend.errors import CancelledError, InputError, OverBudgetError
from backend.runs.trajectories import SamplerSpec, plans
from backend.storage.files import load_run
from backend.studies import STUDIES
from tests.apple_gpu import AppleGpu, on_gpu

PROMPT = "The quick brown fox"
EIGHT = ["greedy", "temperature", "top_k", "top_p", "min_p", "typical", "mirostat_v2", "top_h"]
# Logits of one text differ by some float32 roundings between batches of different sizes.
BATCH_TOLERANCE = 2e-4


def decode(model, names=EIGHT, **fields):
    given = {"steps": 12, "seeds": [0, 1], **fields}
    return backend.study_trajectories(model, PROMPT, samplers=names, **given)


@pytest.fixture(scope="module")
def llama(tiny_model):
    return tiny_model("llama")


@pytest.fixture(scope="module")
def run(llama):
    return decode(llama, compare=True, stop_at_end=False)


def full_logits(model, run, sampler, seed):
    """Return the logits that predicted each step of a trajectory, from one plain forward pass."""
    length = run.lengths[sampler, seed]
    ids = np.concatenate([run.prompt_ids, run.token_ids[sampler, seed, :length]])
    with torch.inference_mode():
        logits = model.torch_model(torch.from_numpy(ids).long()[None]).logits[0]
    return logits[len(run.prompt_ids) - 1 : -1].double()


def test_shapes_are_samplers_seeds_steps(run):
    assert run.token_ids.shape == run.entropy.shape == run.kept_count.shape == (8, 2, 12)
    assert run.raw_top_ids.shape == run.final_top_probs.shape == (8, 2, 12, 20)
    assert run.compare_probs.shape == (8, 8, 2, 12, 20)
    assert (run.lengths == 12).all()
    run.check()


def test_raw_numbers_are_those_of_a_plain_forward_pass(llama, run):
    for sampler, seed in np.ndindex(8, 2):
        log_probs = torch.log_softmax(full_logits(llama, run, sampler, seed), -1)
        entropy = -(log_probs.exp() * log_probs).sum(-1)
        variance = (log_probs.exp() * (log_probs + entropy[:, None]) ** 2).sum(-1)
        chosen = torch.from_numpy(run.token_ids[sampler, seed]).long()[:, None]
        surprisal = -log_probs.gather(-1, chosen)[:, 0]
        for found, expected in [
            (run.entropy, entropy),
            (run.varentropy, variance),
            (run.surprisal, surprisal),
        ]:
            assert found[sampler, seed] == pytest.approx(expected.numpy(), abs=1e-3)


def test_final_numbers_are_those_of_the_sampler_applied_by_hand(llama, run):
    logits = full_logits(llama, run, 3, 0)
    step = samplers.make("top_p").filter(logits, {})
    chosen = torch.from_numpy(run.token_ids[3, 0]).long()[:, None]
    raw, final = logits.softmax(-1), step.probs
    expected = {
        "kept_mass": torch.where(step.kept, raw, 0).sum(-1),
        "final_entropy": torch.special.entr(final).sum(-1),
        "kl": (final * (final.clamp(min=1e-300).log() - raw.log())).sum(-1),
        "drawn_probability": final.gather(-1, chosen)[:, 0],
    }
    for name, value in expected.items():
        assert getattr(run, name)[3, 0] == pytest.approx(value.numpy(), abs=1e-4), name
    assert (run.kept_count[3, 0] == step.kept.sum(-1).numpy()).all()


def test_the_stored_tops_are_sorted_and_begin_with_the_most_likely(llama, run):
    logits = full_logits(llama, run, 1, 1)
    assert (run.raw_top_ids[1, 1, :, 0] == logits.argmax(-1).numpy()).all()
    assert (np.diff(run.raw_top_logprobs, axis=-1) <= 0).all()
    assert (np.diff(run.final_top_probs, axis=-1) <= 0).all()


def test_greedy_takes_rank_one_and_is_drawn_for_certain(run):
    assert (run.rank[0] == 1).all()
    assert (run.drawn_probability[0] == 1).all()
    assert (run.kept_count[0] == 1).all()
    assert (run.token_ids[0, 0] == run.token_ids[0, 1]).all()


def test_every_token_was_kept_by_its_sampler(run):
    assert (run.drawn_probability > 0).all()


def test_details_are_there_for_the_samplers_that_have_them(run):
    assert np.isfinite(run.details["mu"][6]).all()
    assert np.isnan(run.details["mu"][:6]).all()
    assert run.detail_labels["mu"] == "μ [bits]"
    surprise = run.details["surprise"][6] * np.log(2)
    assert surprise == pytest.approx(run.surprisal[6], abs=1e-4)
    assert run.details["mu"][6, :, 0] == pytest.approx(6.0)
    expected = run.details["mu"][6, :, :-1] - run.details["error"][6, :, :-1]
    highest = 2 * np.log2(run.model.vocab_size)
    assert run.details["mu"][6, :, 1:] == pytest.approx(np.clip(expected, 0, highest), abs=1e-4)


def test_a_detail_that_samplers_share_is_named_as_each_of_them_means_it(llama):
    run = decode(llama, ["min_p", "eta", "epsilon", "eta"])
    assert [run.detail_label("floor", each) for each in range(4)] == [
        "Floor m·p_max [probability]",
        "Floor η [probability]",
        "Floor ε [probability]",
        "Floor η [probability]",
    ]


def test_mirostat_is_measured_against_its_target(run):
    measures = text_measures(run)
    steered = next(each for each in measures if (each.sampler, each.seed) == (6, 1))
    assert steered.target == pytest.approx(3 * np.log(2), rel=1e-5)
    assert steered.target_error == pytest.approx(steered.mean_surprisal - steered.target, abs=1e-4)
    assert all(np.isnan(each.target) for each in measures if each.sampler != 6)


def test_comparing_gives_each_sampler_its_own_numbers_back(run):
    own = np.arange(8)
    assert (run.compare_count[own, own] == run.kept_count).all()
    assert run.compare_mass[own, own] == pytest.approx(run.kept_mass, abs=1e-6)
    assert run.compare_entropy[own, own] == pytest.approx(run.final_entropy, abs=1e-5)


def test_comparing_applies_a_sampler_to_the_distributions_of_another(llama, run):
    step = samplers.make("min_p").filter(full_logits(llama, run, 1, 0), {})
    assert (run.compare_count[4, 1, 0] == step.kept.sum(-1).numpy()).all()
    ids = torch.from_numpy(run.raw_top_ids[1, 0]).long()
    expected = step.probs.gather(-1, ids).numpy()
    assert run.compare_probs[4, 1, 0] == pytest.approx(expected, abs=1e-4)


def test_comparing_goes_on_with_samplers_whose_own_texts_have_ended(llama, monkeypatch):
    names = ["greedy", ("mirostat_v2", {"tau": 7.0, "temperature": 4.0})]
    free = decode(llama, names, seeds=[0], stop_at_end=False)
    end = next(each for each in free.token_ids[1, 0] if each not in free.token_ids[0, 0])
    monkeypatch.setattr(llama.torch_model.generation_config, "eos_token_id", int(end))
    run = decode(llama, names, seeds=[0], compare=True)
    ended = run.lengths[1, 0]
    assert ended < run.lengths[0, 0] == 12
    assert (run.compare_count[1, 0, 0] > 0).all()
    state = {"mu": torch.tensor([run.details["mu"][1, 0, ended - 1]]).double()}
    state["mu"] -= float(run.details["error"][1, 0, ended - 1])
    logits = full_logits(llama, run, 0, 0)[ended : ended + 1]
    by_hand = samplers.make("mirostat_v2", temperature=4.0).filter(logits, state)
    assert run.compare_count[1, 0, 0, ended] == by_hand.kept.sum()


def test_a_row_does_not_depend_on_which_others_are_in_the_batch(llama, run):
    for number, name in enumerate(EIGHT):
        alone = decode(llama, [name], seeds=[1], stop_at_end=False)
        assert (alone.token_ids[0, 0] == run.token_ids[number, 1]).all(), name
        assert alone.entropy[0, 0] == pytest.approx(run.entropy[number, 1], abs=BATCH_TOLERANCE)


@pytest.mark.parametrize("shared", [True, False])
def test_the_same_seed_gives_the_same_text(llama, shared):
    first, second = (
        decode(llama, names, shared_luck=shared)
        for names in (["temperature", "top_p"], ["greedy", "top_p", "temperature"])
    )
    assert (first.token_ids[0] == second.token_ids[2]).all()
    assert (first.token_ids[1] == second.token_ids[1]).all()
    assert (first.token_ids[0, 0] != first.token_ids[0, 1]).any()


def test_shared_luck_parts_samplers_only_where_they_differ(llama):
    shared = decode(llama, ["temperature", ("top_p", {"p": 1.0})], seeds=[3])
    assert (shared.token_ids[0] == shared.token_ids[1]).all()
    own = decode(llama, ["temperature", ("top_p", {"p": 1.0})], seeds=[3], shared_luck=False)
    assert (own.token_ids[0] != own.token_ids[1]).any()


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "mistral", "qwen3", "bloom"])
def test_other_families_decode_as_their_plain_forward_pass_says(tiny_model, family):
    model = tiny_model(family)
    run = decode(model, ["greedy"], seeds=[0], steps=24, stop_at_end=False)
    expected = full_logits(model, run, 0, 0).argmax(-1).numpy()
    assert (run.token_ids[0, 0] == expected).all()


def test_samplers_see_the_logits_of_an_apple_gpu_on_the_cpu(llama, run, monkeypatch):
    unembed = llama.unembed
    monkeypatch.setattr(llama, "unembed", lambda hidden: on_gpu(unembed(hidden)))
    with AppleGpu():
        there = decode(llama)
    np.testing.assert_array_equal(there.token_ids, run.token_ids)


def test_an_end_token_ends_a_row_and_leaves_the_others_alone(llama, monkeypatch):
    free = decode(llama, ["greedy", "temperature"], stop_at_end=False)
    end = int(free.token_ids[1, 0, 4])
    monkeypatch.setattr(llama.torch_model.generation_config, "eos_token_id", end)
    run = decode(llama, ["greedy", "temperature"])
    at = free.token_ids[1, 0].tolist().index(end)
    assert run.lengths[1, 0] == at + 1
    assert run.endings[1][0] == "end"
    assert (run.token_ids[1, 0, at + 1 :] == -1).all()
    assert np.isnan(run.entropy[1, 0, at + 1 :]).all()
    others = free.token_ids != end
    before = np.cumsum(~others, axis=-1) == 0
    assert (run.token_ids[before] == free.token_ids[before]).all()
    run.check()


def test_a_stop_string_ends_a_row_also_across_tokens(llama):
    free = decode(llama, ["temperature"], seeds=[0], stop_at_end=False)
    text = free.texts[0][0]
    stop = text[3:6]
    run = decode(llama, ["temperature"], seeds=[0], stop=(stop,), stop_at_end=False)
    assert run.endings == [["stop"]]
    assert stop in run.texts[0][0]
    assert run.lengths[0, 0] < 12
    shorter = llama.tokenizer.decode(run.token_ids[0, 0, : run.lengths[0, 0] - 1])
    assert stop not in shorter


def test_a_stop_string_in_the_last_step_is_why_it_ended(llama):
    free = decode(llama, ["temperature"], seeds=[0], stop_at_end=False)
    texts = [llama.tokenizer.decode(free.token_ids[0, 0, :each]) for each in range(13)]
    stop = next(
        texts[12][start:]
        for start in range(len(texts[12]) - 1, -1, -1)
        if texts[12][start:] not in texts[11]
    )
    run = decode(llama, ["temperature"], seeds=[0], stop=(stop,), stop_at_end=False)
    assert run.lengths[0, 0] == 12
    assert run.endings == [["stop"]]


def test_progress_tells_the_texts_so_far(llama):
    heard = []
    decode(llama, ["greedy", "temperature"], steps=4, report=heard.append)
    steps = [each for each in heard if each.partial is not None]
    assert [each.done for each in steps] == [1, 2, 3, 4]
    texts = [each.partial.texts[0][0] for each in steps]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_stopping_keeps_the_steps_so_far(llama):
    last = []

    def stop_after_five(progress):
        if progress.partial is not None:
            last.append(progress.partial)
            if progress.done == 5:
                raise CancelledError("enough")

    with pytest.raises(CancelledError) as stop:
        decode(llama, stop_at_end=False, report=stop_after_five)
    whole = decode(llama, stop_at_end=False)
    for run in (stop.value.partial_run, last[-1].run()):
        assert run.stopped
        assert (run.lengths == 5).all()
        assert {each for row in run.endings for each in row} == {"stopped"}
        assert (run.token_ids[:, :, :5] == whole.token_ids[:, :, :5]).all()
        assert (run.token_ids[:, :, 5:] == -1).all()
        run.check()


def test_what_was_shown_does_not_change_with_what_is_decoded_later(llama):
    heard = []
    whole = decode(llama, stop_at_end=False, report=heard.append)
    early = next(each.partial for each in heard if each.partial and each.done == 5)
    run = early.run()
    assert (run.lengths == 5).all()
    assert {each for row in run.endings for each in row} == {"stopped"}
    assert np.isfinite(run.step_seconds[:5]).all()
    assert np.isnan(run.step_seconds[5:]).all()
    assert whole.texts[0][0].startswith(early.texts[0][0])
    assert len(early.texts[0][0]) < len(whole.texts[0][0])


def test_the_times_of_the_steps_hold_everything_but_the_prompt(llama):
    started = time.perf_counter()

    def slow(progress):
        if progress.partial is not None:
            time.sleep(0.02)

    run = decode(llama, ["greedy"], seeds=[0], steps=6, stop_at_end=False, report=slow)
    took = time.perf_counter() - started
    assert (run.step_seconds[1:] > 0.02).all()
    assert run.step_seconds.sum() < took


def test_stopping_while_the_prompt_is_read_leaves_nothing(llama):
    def stop(progress):
        raise CancelledError("at once")

    with pytest.raises(CancelledError) as stopped:
        decode(llama, report=stop)
    assert stopped.value.partial_run is None


def test_a_branch_with_nothing_changed_is_the_same_text(llama, run):
    for number in (1, 6):  # plain luck, and a sampler with a memory
        again = backend.study(llama, branch(run, "key", number, 1, 5))
        assert (again.token_ids[0, 0] == run.token_ids[number, 1, 5:]).all()
        assert again.texts[0][0] == run.texts[number][1]
        assert again.request.origin.step == 5
    assert again.details["mu"][0, 0] == pytest.approx(run.details["mu"][6, 1, 5:], abs=1e-3)


def test_a_branch_of_a_penalised_run_is_the_same_text(llama):
    # A target within reach, so that μ hangs on every surprise and not on its limits.
    sampler = ("mirostat_v2", {"tau": 5.0, "eta": 0.2})
    whole = decode(llama, [sampler], repetition_penalty=2.5, stop_at_end=False, steps=24)
    again = backend.study(llama, branch(whole, "key", 0, 1, 15))
    mu = whole.details["mu"][0, 1, 15:]
    assert again.details["mu"][0, 0] == pytest.approx(mu, abs=1e-3)
    assert (again.token_ids[0, 0] == whole.token_ids[0, 1, 15:]).all()


def test_a_branch_with_another_token_goes_on_from_it(llama, run):
    other = int(run.raw_top_ids[1, 0, 3, 1])
    child = backend.study(llama, branch(run, "key", 1, 0, 3, token=other))
    assert child.request.prefix_ids == (*run.token_ids[1, 0, :3].tolist(), other)
    assert child.token_ids.shape == (1, 1, 8)
    prefix = llama.tokenizer.decode(child.request.prefix_ids)
    assert child.texts[0][0].startswith(prefix)


def test_a_branch_with_another_sampler_and_more_seeds(llama, run):
    plan = (SamplerSpec("top_k", {"k": 3}),)
    child = backend.study(llama, branch(run, "key", 1, 0, 6, plan=plan, seeds=[4, 5, 6]))
    assert child.labels == ["Top-k 3"]
    assert child.token_ids.shape == (1, 3, 6)


def test_a_branch_beyond_the_text_is_refused(run):
    with pytest.raises(InputError, match="steps 0 to 12; 13"):
        branch(run, "key", 0, 0, 13)
    with pytest.raises(InputError, match="8 samplers and 2 seeds"):
        branch(run, "key", 8, 0, 1)


def test_repetition_penalty_is_that_of_transformers(llama):
    run = decode(llama, ["greedy"], seeds=[0], repetition_penalty=3.0, stop_at_end=False)
    with torch.inference_mode():
        expected = llama.torch_model.generate(
            torch.from_numpy(run.prompt_ids).long()[None],
            max_new_tokens=12, min_new_tokens=12, do_sample=False, repetition_penalty=3.0,
        )  # fmt: skip
    # Forcing the length takes the end token away in generate, so compare up to where it came.
    theirs = expected[0, len(run.prompt_ids) :].tolist()
    assert run.token_ids[0, 0].tolist()[:6] == theirs[:6]


def test_a_chat_prompt_goes_through_the_template(llama):
    run = decode(llama, ["greedy"], seeds=[0], steps=2, chat=True)
    rendered = llama.tokenizer.render_chat([{"role": "user", "content": PROMPT}])
    expected = llama.tokenizer.encode(rendered, special_tokens="special").ids
    assert run.prompt_ids.tolist() == expected.tolist()
    assert PROMPT in run.prompt_text


def test_control_tokens_typed_into_a_chat_prompt_stay_text(llama):
    run = backend.study_trajectories(
        llama, "a<|eos|>b", samplers=["greedy"], seeds=[0], steps=2, chat=True
    )
    assert run.prompt_ids.tolist() == llama.tokenizer.encode("a<|eos|>b", chat=True).ids.tolist()


def test_a_chain_is_decoded_and_named(llama):
    run = decode(llama, [[("top_k", {"k": 5}), ("top_p", {"p": 0.8})]], seeds=[0], steps=3)
    assert run.labels == ["Top-k 5 → Top-p 0.8"]
    assert (run.kept_count[0, 0] <= 5).all()


@pytest.mark.parametrize("names", [["top_k", "mirostat_v2"], ["mirostat_v2", "top_p"]])
def test_mirostat_steers_inside_a_chain(llama, names):
    run = decode(llama, [names], seeds=[0, 1], stop_at_end=False)
    place = names.index("mirostat_v2")
    mu, error = run.details[f"{place}.mu"][0], run.details[f"{place}.error"][0]
    assert (run.lengths == 12).all()
    expected = np.clip(mu[:, :-1] - error[:, :-1], 0, 2 * np.log2(run.model.vocab_size))
    assert mu[:, 1:] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("written", "parameter", "value"),
    [
        (("top_k", {"top_k": 7}), "k", 7),
        (("min_p", {"m": 0.2, "T": 2}), "min_p", 0.2),
        (("typical", {"typical_p": 0.3}), "mass", 0.3),
        (("top_p", {"p": 1}), "temperature", 1.0),
    ],
)
def test_a_run_names_every_parameter_as_its_sampler_declares_it(llama, written, parameter, value):
    run = decode(llama, [written], seeds=[0], steps=1)
    spec = run.request.samplers[0][0]
    assert spec.parameters == samplers.make(written[0], **written[1]).values
    assert spec.parameters[parameter] == value


def test_equal_samplers_make_equal_requests_however_they_are_written(llama):
    first, second = (
        decode(llama, [each], seeds=[0], steps=1, shared_luck=False)
        for each in (("top_p", {"top_p": 1}), ("top_p", {"p": 1.0, "T": 1}))
    )
    assert first.request.key == second.request.key


def test_a_run_survives_its_file(llama, run, tmp_path):
    again = load_run(run.save(tmp_path / "run.safetensors"))
    assert again.request == run.request
    assert again.labels == run.labels
    for name, value in run.arrays().items():
        assert np.array_equal(again.arrays()[name], value, equal_nan=value.dtype.kind == "f"), name


def test_offsets_spell_the_text(run):
    for sampler, seed in np.ndindex(8, 2):
        text = run.texts[sampler][seed]
        assert run.offsets[sampler, seed, -1, 1] == len(text)
        start, end = run.offsets[sampler, seed].T
        assert (end >= start).all()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"names": []}, "number of samplers must be 1 to 12; it is 0"),
        ({"names": ["greedy"] * 13}, "must be 1 to 12; it is 13"),
        ({"names": ["nucleus"]}, "no sampler named 'nucleus'"),
        ({"names": [("top_p", {"p": 2})]}, "p must be above 0 and at most 1"),
        ({"names": [[]]}, "at least one sampler"),
        ({"steps": 0}, "steps must be 1 to 1,024; it is 0"),
        ({"seeds": [1, 1]}, "same seed"),
        ({"seeds": [-1]}, "Seeds are whole numbers"),
        ({"repetition_penalty": 0.0}, "repetition_penalty must be"),
        ({"stop": ("",)}, "stop string"),
        ({"top_n": 0}, "top_n must be"),
        ({"prefix_ids": (10**6,)}, "does not know"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_range(llama, fields, words):
    with pytest.raises(InputError, match=words):
        decode(llama, **fields)


def test_what_does_not_fit_the_context_is_refused_with_both_numbers(llama):
    with pytest.raises(OverBudgetError, match="600 steps; this model reads 512"):
        decode(llama, steps=600)


def test_the_estimate_grows_with_rows(llama, run):
    study = STUDIES["trajectories"]
    one, four = (
        study.estimate(llama, type(run.request)(prompt=PROMPT, samplers=plans(["top_p"] * count)))
        for count in (1, 4)
    )
    assert four.bytes > one.bytes
    assert four.work > one.work > 0


def test_a_step_of_more_rows_is_expected_to_take_longer(run):
    same = seconds_per_step(run, 16)
    assert same == pytest.approx(np.median(run.step_seconds[1:]))
    assert same < seconds_per_step(run, 32) < 2 * same
    untimed = replace(run, step_seconds=np.full(12, np.nan, np.float32))
    assert seconds_per_step(untimed, 1) is None


def test_the_time_of_a_step_is_shared_by_the_rows_that_ran_in_it(run):
    halved = np.full((8, 2), 6, np.int32)
    halved[:4] = 12
    times = np.where(np.arange(12) < 6, 1.6, 0.8).astype(np.float32)
    shorter = replace(run, lengths=halved, step_seconds=times)
    assert [each.seconds_per_token for each in text_measures(shorter)] == pytest.approx([0.1] * 16)
    # Of the eleven steps with a forward pass most had eight rows.
    assert seconds_per_step(replace(shorter, step_seconds=times * 0 + 1), 8) == pytest.approx(1)


@pytest.mark.parametrize(
    "entry",
    [
        "top_p",
        ("top_p", {}),
        {"name": "top_p"},
        SamplerSpec("top_p"),
        ["top_p"],
    ],
)
def test_samplers_can_be_written_in_several_ways(entry):
    assert plans([entry]) == ((SamplerSpec("top_p"),),)


def test_samplers_made_by_hand_are_understood():
    top_k, chained = samplers.make("top_k", 7), samplers.chain([samplers.make("top_k", 7)])
    assert plans([top_k])[0][0].parameters["k"] == 7
    assert plans([chained]) == plans([top_k])
    with pytest.raises(InputError, match="not a sampler"):
        plans([3])


@pytest.mark.model
def test_the_bundled_model_gives_the_same_texts_alone_and_in_a_batch(bundled_model):
    together = decode(bundled_model, seeds=[0], steps=10)
    for number in (1, 6):
        alone = decode(bundled_model, [EIGHT[number]], seeds=[0], steps=10)
        assert (alone.token_ids[0] == together.token_ids[number]).all()
