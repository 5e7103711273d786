"""The front door: navigation, and the controls that hold for every page."""

import streamlit as st

from backend import cached
from components import shell, sidebar, state

page = shell.choose_page()
with st.sidebar:
    sidebar.unit_switch()
    sidebar.model_picker({each.spec.source: each.label for each in cached.model_choices()})
shell.run_page(page)
state.settle()
