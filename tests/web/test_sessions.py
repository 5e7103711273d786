"""Readers leave nothing behind, although what was there when a model was loaded is frozen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture
def sessions(tiny_folder, tmp_path):
    def run(what):
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/web/apps/sessions.py"), tiny_folder("llama"), what],
            env={**os.environ, "PYTHONPATH": str(ROOT), "ENTROSCOPE_CACHE_DIR": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_a_hundred_sessions_opened_before_a_model_is_loaded_are_gone_after_they_closed(sessions):
    assert sessions("open-before-load") == {"opened": 100, "left": 0}


def test_two_hundred_sessions_leave_less_than_a_megabyte_each(sessions):
    assert sessions("many")["bytes"] <= 1_000_000


def test_a_server_that_nobody_visits_lets_go_of_closed_sessions_when_it_is_told(sessions):
    # Streamlit by itself would wait for the next reader who leaves.
    assert sessions("forget") == {"held": 1, "left": 0}
