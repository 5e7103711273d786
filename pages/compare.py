"""Compare: two runs side by side, and what another model, number type or text changes."""

import streamlit as st

from backend import cached
from backend.errors import EntroscopeError
from components import job
from components.compare.choice import choose_two
from components.compare.divergence import SLOT
from components.compare.view import compare_view
from components.plain import escape_markdown
from components.shell import start_page

start_page("compare")

a, b = choose_two(cached)
job.watch(SLOT, lambda key, _: None)
try:
    compare_view(cached, a, b)
except EntroscopeError as error:
    st.error(escape_markdown(str(error)), icon=":material/compare_arrows:")
