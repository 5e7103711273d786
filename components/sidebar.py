"""The controls that hold for every page: the unit and the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from backend.runs.model import names_hub

from . import checks, state

MODEL_HELP = (
    "A model installed with Entroscope, a hub id such as `owner/name`, a folder with safetensors "
    "weights, or the path of a `.gguf` file on the machine that runs Entroscope. "
    "Type a new one and press Enter. It is loaded when you analyse something."
)


def unit_switch() -> None:
    """Offer nats and bits for everything that is shown."""
    st.segmented_control(
        "Unit of information",
        state.UNITS,
        required=True,
        help="1 nat = 1.443 bits. Only what is shown changes; nothing is computed again.",
        **state.widget("unit"),
    )


def model_picker(labels: Mapping[str, str]) -> None:
    """Offer the models at hand, and a field to type another.

    Args:
        labels: source of each model at hand, with what to call it.
    """
    _model_box(labels)
    with st.expander("Precision and device"):
        st.selectbox(
            "Precision",
            state.DTYPES,
            help="auto is bfloat16 on CUDA and float32 elsewhere.",
            **state.widget("dtype"),
        )
        _line("device", "Device", checks.device, "auto, cpu, mps, cuda or cuda:0.")
        if names_hub(state.get("model")):
            _line("revision", "Revision", checks.line, "Branch, tag or commit of a hub id.")


def _model_box(labels: Mapping[str, str]) -> None:
    sources = list(dict.fromkeys([*labels, state.get("model")]))
    st.selectbox(
        "Model",
        sources,
        format_func=lambda source: labels.get(source, source),
        accept_new_options=True,
        help=MODEL_HELP,
        **state.widget("model", checks.line),
    )


def _line(name: str, label: str, check: Callable[[str], str], explanation: str) -> None:
    st.text_input(label, help=explanation, **state.widget(name, check))
