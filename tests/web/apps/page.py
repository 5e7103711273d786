"""The page of ``server.py``."""

import streamlit as st

st.title("A page")
