"""Compare: two runs side by side, and what another model, number type or text changes."""

import streamlit as st

from backend import cached
from backend.errors import EntroscopeError
from components import job
from components.compare.choice import choose_two
from components.compare.divergence import SLOT, arrived, divergence_page, opened
from components.compare.view import compare_view
from components.library.links import open_study
from components.plain import escape_markdown
from components.shell import start_page

start_page("compare")

alone = opened(cached)
if alone is not None:
    divergence_page(cached, alone)
    st.stop()

open_study(cached, "divergence", SLOT)
a, b = choose_two(cached)
job.watch(SLOT, lambda key, _: arrived(key, a, b))
try:
    compare_view(cached, a, b)
except EntroscopeError as error:
    st.error(escape_markdown(str(error)), icon=":material/compare_arrows:")
