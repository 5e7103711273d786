"""The frame of all pages: navigation, shared values, the address."""

import pytest
from streamlit.testing.v1 import AppTest

from components.shell import PAGES


def parameters(at) -> dict[str, str]:
    """The address as the reader sees it."""
    return {
        name: value if isinstance(value, str) else value[0]
        for name, value in at.query_params.items()
    }


@pytest.mark.parametrize("page", [page.name for page in PAGES if page is not PAGES[0]])
def test_every_page_opens_inside_the_frame(app, page):
    at = app(page)
    assert at.title[0].value
    assert at.sidebar.selectbox[0].value == "bundled"


def test_the_front_page_opens_first(app):
    assert app().title[0].value == "Entroscope"


def test_the_address_sets_unit_and_token(app):
    at = app(unit="bits", token="3")
    assert at.session_state["state:unit"] == "bits"
    assert at.session_state["state:token"] == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unit", "bans"),
        ("token", "-1"),
        ("token", "1e9"),
        ("token", "٣"),
        ("metric", "<script>"),
        ("device", "cuda; rm"),
        ("dtype", "int4"),
        ("run", "../../etc/passwd"),
        ("example", "../secret"),
        ("model", "a\nb"),
        ("model", "x" * 301),
    ],
)
def test_a_parameter_that_cannot_be_used_is_dropped_with_a_notice(app, name, value):
    at = app(**{name: value})
    assert name not in parameters(at)
    assert any(name in info.value for info in at.info)


def test_the_unit_survives_moving_to_another_page(app):
    at = app()
    at.sidebar.button_group[0].set_value("bits").run()
    at.switch_page("pages/tokens.py").run()
    assert at.sidebar.button_group[0].value == "bits"
    assert parameters(at)["unit"] == "bits"


def test_defaults_stay_out_of_the_address(app):
    at = app(unit="nats", model="bundled")
    assert parameters(at) == {}


def test_a_revision_is_offered_and_sent_for_models_of_the_hub_only(app):
    def fields(at):
        return [each.label for each in at.sidebar.text_input]

    hub = app(model="owner/name", revision="v1")
    assert "Revision" in fields(hub)
    hub.sidebar.selectbox[0].set_value("bundled").run()
    assert "Revision" not in fields(hub)
    assert not hub.exception


def test_a_model_that_is_typed_is_kept_for_all_pages(app):
    at = app(model="someone/something")
    assert at.sidebar.selectbox[0].value == "someone/something"
    at.switch_page("pages/tokens.py").run()
    assert at.sidebar.selectbox[0].value == "someone/something"
    assert not at.exception


def test_a_revision_left_over_is_not_sent_with_another_kind_of_model():
    def script():
        import streamlit as st

        from components import state

        for source in ("bundled", "./folder", "a.gguf", "owner/name"):
            st.session_state["state:model"] = source
            st.session_state["state:revision"] = "v1"
            st.text(f"{source}: {state.model().revision}")

    shown = [each.value for each in AppTest.from_function(script).run().text]
    assert shown == ["bundled: None", "./folder: None", "a.gguf: None", "owner/name: v1"]
