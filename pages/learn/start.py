"""Start: begin here."""
import streamlit as st
FRONT=True
PLACE=0
st.write("start here")
