"""Whatever a run file holds: it is refused with one clear error, or everything works with it."""

from __future__ import annotations

import json
import random
import resource
import struct
import time
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from backend.derived.comparison import CompareRequest, compare
from backend.derived.series import gap_walk, summarise
from backend.derived.trajectory_text import text_measures
from backend.errors import InputError, RunFileError
from backend.lenses import LENSES
from backend.lenses.parts import part
from backend.report import report_html
from backend.runs import Run, TextRun, TrajectoryRun
from backend.storage.csv_file import table_csv
from backend.storage.files import content_id, dump_run, parse_run
from backend.storage.permalink import encode, exact_request
from backend.storage.plain import to_plain
from backend.storage.snippet import snippet
from backend.storage.subject import subject
from tests.runs.makers import all_kinds

SECONDS_EACH = 3.0  # of the processor: other programs on the machine do not count
EVERY = 40  # of the usable files has its report made too
PEAK_BYTES = 300_000_000

NUMBERS = [-1, 0, 1, 2**31 - 1, -(2**31), 2**63, 10**30, 1e308, -1e308, 0.5]
VALUES = [*NUMBERS, "", "x", "-1", "999", "\ud800", "\x00", None, True, [], {}, [0], {"0": 0}]


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Return ``data`` with a few bytes flipped, cut, doubled or exchanged."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        size = struct.unpack("<Q", data[:8])[0]
        # Half of the blows go to the header, which is where trouble starts.
        at = dice.randrange(8 + size if dice.random() < 0.5 else len(changed))
        match dice.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del changed[at : at + dice.randint(1, 50)]
            case 2:
                changed[at:at] = changed[at : at + dice.randint(1, 50)]
            case 3:
                changed[at : at + 1] = dice.choice([b"9", b"0", b"-", b"[", b"{", b'"', b"null"])
            case 4:
                del changed[at:]
            case 5:
                changed[:8] = struct.pack("<Q", dice.choice([0, 1, size + 1, size - 1, 2**63]))
        if len(changed) < 9:
            break
    return bytes(changed)


def forge(data: bytes, dice: random.Random) -> bytes:
    """Return a well-formed file with a few fields and numbers exchanged for hostile ones."""
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["entroscope"])
    arrays = load(data)
    for _ in range(dice.randint(1, 3)):
        if dice.random() < 0.5:
            _change_field(header["fields"], dice)
        else:
            name = dice.choice(sorted(arrays))
            arrays[name] = _change_array(arrays[name], dice)
    return save(arrays, metadata={"entroscope": json.dumps(header)})


def _change_field(place: Any, dice: random.Random) -> None:
    """Exchange something in the depth of ``place``."""
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    key = dice.choice(keys)
    if isinstance(place[key], dict | list) and place[key] and dice.random() < 0.8:
        _change_field(place[key], dice)
    elif dice.random() < 0.2:
        del place[key]
    elif isinstance(place, dict) and dice.random() < 0.2:
        place[dice.choice(["x", "-1", "00", "9" * 30, "\u0663"])] = place.pop(key)
    else:
        place[key] = deepcopy(dice.choice(VALUES))  # else one could end up in itself


def _change_array(array: np.ndarray, dice: random.Random) -> np.ndarray:
    changed = array.copy()
    if dice.random() < 0.1:
        return changed.reshape(-1)[:0]
    numbers = [0, 1, -1]
    if array.dtype.kind == "f":
        numbers += [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45]
    elif array.dtype.kind == "i":
        numbers += [2**31 - 1, -(2**31)]
    flat = changed.reshape(-1)
    for _ in range(min(3, len(flat))):
        flat[dice.randrange(len(flat))] = dice.choice(numbers)
    return changed


def show(run: Run, unit: str) -> None:
    """Make everything that a lens shows of a run, but for pixels."""
    lens = LENSES[run.kind]
    for panel in lens.panels:
        part(lens, run, panel.name)
        panel.chart(run, unit)
    for name in ("figures", "about"):
        part(lens, run, name)


def use(run: Run, other: Run, unit: str = "nats") -> None:
    """Do with a run all that the pages do without a model."""
    for table in run.tables().values():
        table_csv(table).encode()
    show(run, unit)
    json.dumps(to_plain(run), allow_nan=False).encode()
    snippet(run).encode()
    subject(run.request).encode()
    encode(exact_request(run))
    assert content_id(parse_run(dump_run(run), "again")) == content_id(run)
    if isinstance(run, TextRun):
        summarise(run)
        gap_walk(run)
    if isinstance(run, TrajectoryRun):
        text_measures(run)
    for pair in ((run, other), (other, run)):
        try:
            made = compare(CompareRequest(a="a", b="b"), *pair)
            _ = made.meeting
        except InputError:
            continue  # they have nothing in common, said in words
        for name in made.names:
            _ = made.sides(name).summary
        for table in made.tables().values():
            table_csv(table).encode()
        if made.bounds is not None:
            _ = made.bounds.js_low


@pytest.mark.parametrize(
    ("change", "count", "least"),
    [
        (mutate, 400, 0),
        (forge, 400, 40),
        pytest.param(mutate, 2_000, 20, marks=pytest.mark.slow),
        pytest.param(forge, 2_000, 200, marks=pytest.mark.slow),
    ],
)
def test_changed_files_are_refused_or_usable_in_bounded_time_and_memory(change, count, least):
    dice = random.Random(5)
    wholes = [(dump_run(run), run) for run in all_kinds()]
    for _, run in wholes:
        use(run, run)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used = 0
    for number in range(count):
        whole, other = wholes[number % len(wholes)]
        started = time.process_time()
        try:
            run = parse_run(change(whole, dice), "x")
        except RunFileError:
            continue
        with np.errstate(all="ignore"):
            use(run, other, ("nats", "bits")[number % 2])
        used += 1
        assert time.process_time() - started < SECONDS_EACH
        if used % EVERY == 1:  # a report draws all pictures, which takes a second
            report_html(run).encode()
    # Kilobytes on Linux.
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024 < PEAK_BYTES
    assert used > least
