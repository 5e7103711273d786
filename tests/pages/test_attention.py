"""The Attention page without a browser: what it shows for which run, and how controls change it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from backend import cached
from backend.runs import AttentionRun
from backend.runs.heads import mean_over, typical_head

EXAMPLE = "attention_repeated"


def example(name: str = EXAMPLE) -> AttentionRun:
    run = cached.example_run(name)
    assert isinstance(run, AttentionRun)
    return run


def metrics(at) -> dict[str, str]:
    return {each.label: each.value for each in at.metric}


def captions(at) -> str:
    return "\n".join(each.value for each in at.caption)


def panel(at) -> dict[str, str]:
    table = at.table[0].value
    return dict(zip(table["number"], table["value"], strict=True))


def test_an_example_is_shown_without_any_model(app):
    at = app("attention")
    assert metrics(at)["Tokens"] == str(len(example()))
    assert at.get_by_key("attention:strip") is not None
    assert cached.engine().loaded() == []


def test_an_example_is_chosen_by_name(app):
    at = app("attention", attention_example="attention_code")
    assert metrics(at)["Tokens"] == str(len(example("attention_code")))


def test_a_run_no_longer_in_memory_is_explained(app):
    at = app("attention", attention_run="0123456789abcdef")
    assert "no longer in memory" in at.info[0].value
    assert metrics(at)["Tokens"] == str(len(example()))


def test_the_head_of_the_address_is_shown(app):
    run = example()
    at = app("attention", head="3.5")
    assert any(each.value == "**L3.H5**" for each in at.markdown)
    entropy = mean_over(run.entropy)[3, 5]
    assert panel(at)["Mean entropy (nats)"] == f"{entropy:.3f}"


@pytest.mark.parametrize("head", ["99.0", "0.99", "<img>", "-1.0"])
def test_a_head_the_model_does_not_have_gives_another(app, head):
    layer, number = typical_head(example(), "previous")
    at = app("attention", head=head)
    assert any(each.value == f"**L{layer}.H{number}**" for each in at.markdown)


def test_figures_follow_the_unit(app):
    mean = float(np.nanmean(example().entropy))
    assert metrics(app("attention"))["Mean entropy (nats)"] == f"{mean:.2f}"
    in_bits = metrics(app("attention", unit="bits"))["Mean entropy (bits)"]
    assert in_bits == f"{mean / np.log(2):.2f}"


def test_the_share_of_the_maximum_replaces_the_unit(app):
    at = app("attention", head="3.5")
    at.toggle(key="attention:share").set_value(True).run()
    assert "Mean entropy (share of maximum)" in panel(at)
    assert 0 < float(panel(at)["Mean entropy (share of maximum)"]) < 1


def test_hiding_the_first_token_raises_the_entropy_of_a_resting_head(app):
    layer, head = typical_head(example("attention_fact"), "sink")
    at = app("attention", attention_example="attention_fact", head=f"{layer + 1}.{head}")
    before = float(panel(at)["Mean entropy (nats)"])
    at.toggle(key="attention:hide_first").set_value(True).run()
    assert float(panel(at)["Mean entropy (nats)"]) > before


def test_thresholds_decide_how_many_heads_are_flagged(app):
    at = app("attention")
    before = int(metrics(at)["▲ Overload"].split()[0])
    at.slider(key="attention:upper").set_value(0.5).run()
    assert int(metrics(at)["▲ Overload"].split()[0]) > before


def test_means_are_taken_over_the_chosen_tokens(app):
    run = example()
    at = app("attention", head="3.5")
    at.slider(key=f"attention:positions:{len(run)}").set_value((40, 60)).run()
    expected = mean_over(run.entropy[..., 40:61])[3, 5]
    assert panel(at)["Mean entropy (nats)"] == f"{expected:.3f}"


def tab(at, name: str) -> None:
    at.session_state["attention:tab"] = name
    at.run()
    assert not at.exception


def test_the_pattern_says_what_it_needs_before_a_model_is_loaded(app):
    at = app("attention")
    tab(at, "pattern")
    assert "not loaded yet" in captions(at)
    assert any(each.label.startswith("Compute the pattern") for each in at.button)


def test_the_map_at_a_token_wants_a_pin(app):
    at = app("attention")
    tab(at, "token")
    assert "Pin a token" in captions(at)


def test_two_heads_are_compared_side_by_side(app):
    at = app("attention", head="3.5")
    tab(at, "compare")
    at.selectbox(key="attention:second").set_value((7, 1)).run()
    names = [each.value for each in at.markdown]
    assert names.count("**L3.H5**") == 2
    assert "**L7.H1**" in names


@pytest.mark.parametrize("kind", ["previous", "induction", "sink", "itself", "uniform"])
def test_a_lesson_names_the_clearest_head_of_its_kind(app, kind):
    layer, head = typical_head(example(), kind)
    at = app("attention")
    tab(at, "kinds")
    assert at.button(key=f"lesson:{kind}").label == f"Show L{layer}.H{head}"


def test_the_induction_head_of_the_bundled_model_is_one(app):
    run = example()
    layer, head = typical_head(run, "induction")
    # From the second round on, most of its weight follows the repetition.
    assert run.induction_mass[layer, head, 20:].mean() > 0.6
    assert run.entropy[layer, head, 40:].mean() < run.max_entropy[layer, 40:].mean() / 3


def test_a_layer_without_a_pattern_gives_its_reason(app):
    run = example()
    entropy, highest = run.entropy.copy(), run.max_entropy.copy()
    entropy[3], highest[3] = np.nan, np.nan
    hybrid = dataclasses.replace(
        run, entropy=entropy, max_entropy=highest, reasons={"3": "This layer is 'mamba'."}
    )
    at = app("attention", attention_run=cached.keep_run(hybrid), head="3.5")
    assert any("mamba" in each.value for each in at.info)
