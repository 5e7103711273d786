"""Data set: how hard each of many texts was, in one table."""

from typing import cast

from backend import cached
from backend.runs import DatasetRun
from components.current_run import current_run
from components.dataset.form import SLOT, dataset_form, watch_measuring
from components.dataset.view import dataset_view
from components.run_head import run_head
from components.shell import start_page

DEFAULT_EXAMPLE = "dataset_sentences"

start_page("dataset")

run = cast(DatasetRun, current_run(cached, "dataset", DEFAULT_EXAMPLE))
dataset_form(cached)
watch_measuring(cached)

run_head(cached, run, SLOT, untitled="Your texts")
dataset_view(cached, run)
