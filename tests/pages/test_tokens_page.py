"""The Tokens page without a browser: what it shows for which run, and what it says when not."""

import subprocess
import sys

import pytest
from huggingface_hub import constants

from backend import cached
from backend.derived import series
from tests.pages.conftest import ROOT


def strip(at) -> object:
    return at.get_by_key("tokens:strip")


def captions(at) -> str:
    return "\n".join(each.value for each in at.caption)


def metrics(at) -> dict[str, str]:
    return {each.label: each.value for each in at.metric}


def test_an_example_is_shown_without_any_model(app):
    at = app("tokens")
    assert strip(at) is not None
    run = cached.example_run("text_fact")
    assert metrics(at)["Tokens"] == str(len(run))
    assert cached.engine().loaded() == []


@pytest.mark.parametrize("name", ["home", "tokens", "attention", "library"])
def test_a_first_visit_does_not_wait_for_torch(name):
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file("app.py", default_timeout=60).run()
at.switch_page("pages/{name}.py").run()
assert not at.exception
print("torch" in sys.modules)
"""
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout.split() == ["False"], shown.stderr


def test_the_counter_tells_the_limit(app):
    run = cached.example_run("text_fact")
    assert f"{len(run)} of 8,192 tokens" in captions(app("tokens"))


def test_the_options_say_how_the_text_on_screen_was_read(app):
    at = app("tokens", example="text_chat")
    run = cached.example_run("text_chat")
    assert at.session_state["tokens:special"] == run.request.special_tokens == "special"
    assert f"{len(run)} of 8,192 tokens" in captions(at)


@pytest.mark.model
def test_the_counter_follows_the_options(app):
    at = app("tokens")
    count = len(cached.example_run("text_fact"))
    at.session_state["tokens:add_bos"] = True
    at.run()
    assert f"{count + 1} of 8,192 tokens" in captions(at)
    at.session_state["tokens:chat"] = True
    at.run()
    assert f"{count + 1} of 8,192 tokens" not in captions(at)
    assert "of 8,192 tokens" in captions(at)


def test_a_linked_model_that_is_not_here_is_not_counted(app, monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    at = app("tokens", model="owner/name")
    assert "tokens are counted once the model has been fetched" in captions(at)


def test_an_example_is_chosen_by_name(app):
    at = app("tokens", example="text_code")
    assert metrics(at)["Tokens"] == str(len(cached.example_run("text_code")))


def test_an_unknown_example_gives_a_notice_and_the_default_one(app):
    at = app("tokens", example="nothing_of_this_name")
    assert "There is no example of that name" in at.info[0].value
    assert metrics(at)["Tokens"] == str(len(cached.example_run("text_fact")))


def test_a_run_no_longer_in_memory_is_explained(app):
    at = app("tokens", run="0123456789abcdef")
    assert "no longer remembers it" in at.info[0].value
    assert strip(at) is not None


def test_a_run_in_memory_is_found_by_its_key(app):
    key = cached.put_run(cached.example_run("text_list"))
    at = app("tokens", run=key)
    assert metrics(at)["Tokens"] == str(len(cached.example_run("text_list")))


def test_figures_follow_the_unit(app):
    mean = series.summarise(cached.example_run("text_fact")).mean_entropy  # nats
    assert metrics(app("tokens"))["Mean entropy (nats)"] == f"{mean:.2f}"
    in_bits = metrics(app("tokens", unit="bits"))["Mean entropy (bits)"]
    assert in_bits == f"{mean * series.BITS_PER_NAT:.2f}"


def test_without_a_pin_the_panel_says_how_to_pin(app):
    assert "Click a token" in captions(app("tokens"))


def test_the_pinned_token_has_its_panel(app):
    at = app("tokens", token="5")
    assert "**Token 5**" in [each.value for each in at.markdown]
    assert "Click a token" not in captions(at)


def test_the_first_token_has_no_prediction_and_the_panel_says_why(app):
    assert "made no prediction" in captions(app("tokens", token="0"))


def test_a_pin_beyond_the_text_counts_as_none(app):
    assert "Click a token" in captions(app("tokens", token="999999"))


@pytest.mark.parametrize(
    ("label", "values"),
    [
        ("Most uncertain", lambda run: run.entropy),
        ("Largest surprisal", lambda run: run.surprisal),
        ("Largest gap", lambda run: abs(series.gap(run))),
    ],
)
def test_a_jump_pins_the_extreme_token(app, label, values):
    at = app("tokens")
    at.button(key=f"jump:{label}").click().run()
    found = values(cached.example_run("text_fact"))
    assert at.session_state["state:token"] == int(found[1:].argmax()) + 1


@pytest.mark.parametrize("level", ["word", "sentence"])
def test_words_and_sentences_can_be_coloured(app, level):
    at = app("tokens", **{"tokens.level": level, "tokens.piece": "gap", "metric": "varentropy"})
    assert at.selectbox(key=state_key(at, "tokens.piece")).value == "gap"
    assert at.session_state["state:metric"] == "varentropy"  # of tokens, kept for later
    assert at.query_params["tokens.level"] == level


def state_key(at, control: str) -> str:
    return next(each.key for each in at.selectbox if control in (each.key or ""))


@pytest.mark.parametrize("tab", ["curve", "walk", "histogram", "scatter", "table", "model"])
@pytest.mark.parametrize("unit", ["nats", "bits"])
def test_every_chart_is_drawn_in_both_units(app, tab, unit):
    at = app("tokens", unit=unit, token="4", **{"tokens.tab": tab})
    assert not at.exception


def test_a_link_restores_the_whole_view(app):
    view = {
        "tokens.tab": "histogram",
        "tokens.histogram": "gap",
        "tokens.raw": "on",
        "tokens.automatic": "on",
    }
    at = app("tokens", **view)
    assert {name: at.query_params[name] for name in view} == view
    assert [each.value for each in at.toggle if each.label == "Raw tokens"] == [True]


def test_the_window_width_stands_beside_the_curve_it_changes(app):
    at = app("tokens", **{"tokens.window": "9"})
    assert next(each for each in at.slider if "Window" in each.label).value == 9
    assert not app("tokens", **{"tokens.tab": "scatter"}).slider


def test_an_invalid_control_of_a_link_is_dropped(app):
    at = app("tokens", **{"tokens.level": "<b>", "tokens.window": "999"})
    assert strip(at) is not None
    assert "tokens.level" not in at.query_params


def test_speed_and_time_stand_among_the_figures(app):
    run = cached.example_run("text_fact")
    shown = metrics(app("tokens"))
    assert shown["Time"] == f"{run.seconds:.2f} s"
    assert shown["Tokens/s"] == f"{len(run) / run.seconds:,.0f}"


def test_the_strip_says_what_its_colours_mean(app):
    at = app("tokens", metric="normalised_entropy")
    assert any("Pielou" in each.value for each in at.caption)


def test_an_empty_text_is_refused_with_the_reason(app):
    at = app("tokens")
    at.session_state["tokens:text"] = {"text": {"value": "", "serial": 1, "scope": ""}}
    at.run()
    analyse(at)
    assert any("empty" in error.value for error in at.error)


def test_attention_is_measured_as_well_when_asked_for(app, tiny_folder):
    at = app("tokens", model=str(tiny_folder("gpt2")))
    at.session_state["tokens:both"] = True
    analyse(at)
    assert not at.error
    text = cached.find_run(at.session_state["state:run"])
    attention = cached.find_run(at.session_state["state:attention_run"])
    assert attention is not None
    assert attention.tokens == text.tokens


def test_a_model_that_is_not_there_is_refused_with_the_reason(app):
    at = app("tokens", model="/nowhere/at-all.gguf")
    analyse(at)
    assert at.error
    assert not at.exception
    assert strip(at) is not None  # what was there stays on screen


def analyse(at) -> None:
    """Press Analyse and look again until the job is over."""
    next(each for each in at.button if each.label == "Analyse").click().run()
    for _ in range(100):
        if "jobs" not in at.session_state or not at.session_state["jobs"]:
            return
        at.session_state["jobs"]["tokens"].job.wait(5)
        at.run()
    raise AssertionError("the job did not end")
