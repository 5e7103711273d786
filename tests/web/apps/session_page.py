"""A page that holds a little of everything a session may hold."""

import streamlit as st

from backend import cached
from components import streamlit_private

cached.session_opened(streamlit_private.forget_closed_sessions)
st.session_state.setdefault("numbers", list(range(1000)))
st.title("A page")
st.text_input("Text", key="text")
