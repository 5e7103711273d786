"""Tables as files: every digit, every row, and the text as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from backend.storage.plain import plain_value


def frame_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV with a line of names; a missing value is an empty cell."""
    return frame.to_csv(index=False)


def frame_json(frame: pd.DataFrame) -> str:
    """Return a table as a JSON list of rows; a missing value is null.

    Floats are written so that they read back as the very same number. (Pandas would round to a
    fixed number of decimals, which leaves nothing of a small probability.)
    """
    return _dump(_rows(frame))


def frames_json(frames: Mapping[str, pd.DataFrame]) -> str:
    """Return several tables as one JSON object, from name to list of rows."""
    return _dump({name: _rows(frame) for name, frame in frames.items()})


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    return [plain_value(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
