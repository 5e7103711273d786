"""Which requests for a model mean the same one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from backend.engine.executors.identity import is_revision, resolved
from backend.runs import ModelSpec
from tests.runs.makers import FACTS


def gpus(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("count", "device", "dtype", "expected"),
    [
        (0, "auto", "auto", ("cpu", "float32")),
        (0, "cpu", "bfloat16", ("cpu", "bfloat16")),
        (1, "auto", "auto", ("cuda:0", "bfloat16")),
        (1, "cuda", "auto", ("cuda:0", "bfloat16")),
        (1, "cuda:0", "bfloat16", ("cuda:0", "bfloat16")),
        (1, "cpu", "auto", ("cpu", "float32")),
        (2, "auto", "auto", ("auto", "bfloat16")),  # spread over both
        (2, "cuda:1", "float16", ("cuda:1", "float16")),
        (0, "cuda", "auto", ("cuda", "auto")),  # refused when it is loaded
        (0, "nonsense", "auto", ("nonsense", "auto")),
        (0, "cpu", "nonsense", ("cpu", "nonsense")),
    ],
)
def test_what_is_left_open_is_filled_in_as_this_machine_does(
    monkeypatch, count, device, dtype, expected
):
    gpus(monkeypatch, count)
    found = resolved(ModelSpec(device=device, dtype=dtype))
    assert (found.device, found.dtype) == expected


def test_a_commit_names_what_a_branch_turned_out_to_be():
    branch = ModelSpec(source="org/name", device="cpu", dtype="float32")
    facts = replace(FACTS, revision="abc")
    assert is_revision(replace(branch, revision="abc"), branch, facts)
    assert not is_revision(replace(branch, revision="other"), branch, facts)
    assert not is_revision(replace(branch, revision="abc", dtype="float16"), branch, facts)
    assert not is_revision(branch, branch, replace(facts, revision=None))
