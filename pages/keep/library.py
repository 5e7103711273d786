"""Library: saved runs."""

import streamlit as st

st.write("hello library")
