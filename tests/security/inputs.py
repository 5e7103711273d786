"""Strategies of hostile inputs: what anybody may send by any way in."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as some

from backend.lenses import LENSES
from backend.lessons import lessons_in_order
from backend.lessons.base import plain as plain_lesson
from backend.runs import RUN_KINDS
from tests.security.hostile import CODE, CONTROLS, FORMULA, MARKUP, WORDS

EXAMPLE = "example"
"""Stands for the content of a shipped run in an address."""

LURES = [
    WORDS, FORMULA, MARKUP, CODE, CONTROLS, "../../etc/passwd", "..\\..\\x", "file:///etc/passwd",
    "http://evil.example/x", "//evil.example/share", "%00", "\ud800", "a" * 5_000, "\r\nCookie: x",
    "NaN", "1e999", "-0", "9" * 400, "0x10", "٣", "{{7*7}}", "${x}", "__proto__", "constructor",
    "<|im_start|>", "\ufeff",
    "𝕏" * 50, "e\u0301" * 50, "🏳️‍🌈",
]  # fmt: skip

texts = some.one_of(
    some.sampled_from(LURES),
    some.text(max_size=60),
    some.text(some.characters(), max_size=20),  # surrogates too
    some.lists(some.sampled_from(LURES), min_size=1, max_size=3).map(" ".join),
)
words = texts.map(lambda text: text.encode("utf-8", "replace").decode())  # what a web form can send
numbers = some.one_of(
    some.integers(), some.floats(), some.sampled_from([2**63, -(2**63), 10**400, 1e308])
)
json_values = some.recursive(
    some.none() | some.booleans() | numbers | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
deep = some.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"[" * 100_000 + b"]" * 100_000])


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def objects(**known: Any) -> some.SearchStrategy[bytes]:
    """Return JSON that has these names, and sometimes lacks one or has another."""
    whole = some.fixed_dictionaries(
        {}, optional={name: each | json_values for name, each in known.items()}
    )
    full = some.fixed_dictionaries(known)
    return some.one_of(
        whole.map(as_json),
        full.map(as_json),
        json_values.map(as_json),
        deep,
        some.binary(max_size=80),
    )


def packed_links() -> some.SearchStrategy[str]:
    inside = some.tuples(
        some.sampled_from([1, 2, "1", -1]), some.sampled_from([*RUN_KINDS, "x"]), json_values
    )
    return inside.map(
        lambda each: urlsafe_b64encode(zlib.compress(as_json(each))).rstrip(b"=").decode()
    )


def safetensors_like() -> some.SearchStrategy[bytes]:
    """Return bytes with the frame of a run file and anything inside."""
    header = some.dictionaries(texts, json_values, max_size=3).map(as_json)
    own = json_values.map(lambda each: as_json({"__metadata__": {"entroscope": json.dumps(each)}}))
    frame = some.one_of(header, own, deep)
    size = some.one_of(some.none(), some.sampled_from([0, 1, 2**31, 2**63 - 1, 2**64 - 1]))
    return some.tuples(frame, size, some.binary(max_size=30)).map(
        lambda each: (
            struct.pack("<Q", len(each[0]) if each[1] is None else each[1]) + each[0] + each[2]
        )
    )


@cache
def whole_lesson() -> dict[str, Any]:
    return {
        name: value for name, value in plain_lesson(lessons_in_order()[0]).items() if name != "name"
    }


def lessons() -> some.SearchStrategy[bytes]:
    keys = sorted(whole_lesson())
    changed = some.dictionaries(some.sampled_from(keys), json_values, max_size=2).map(
        lambda change: as_json({**whole_lesson(), **change})
    )
    return some.one_of(changed, objects(title=texts, steps=json_values), safetensors_like())


CONTENT = some.sampled_from([EXAMPLE, "0" * 32, "0" * 16, "saved-" + "0" * 16, "..%2F..%2Fetc"])
PARTS = some.sampled_from(
    ["text", "strip", "expected", "table/tokens.csv", "run.json", "run.safetensors", "report.html",
     "snippet.py", "figures", "about", "strip.svg", "cumulative.vl.json", "cumulative.png"]
)  # fmt: skip
NAMES = some.sampled_from(["unit", "theme", "token", "layer", "head", "start", "x"])


def addresses() -> some.SearchStrategy[tuple[str, str, bytes]]:
    query = some.dictionaries(NAMES, words, max_size=3).map(
        lambda each: "&".join(f"{name}={quote(value)}" for name, value in each.items())
    )
    cut = words.map(lambda each: quote(each, safe="")[:300])
    model = some.fixed_dictionaries({"source": texts, "revision": texts | some.none()})
    number = some.integers(-3, 99) | json_values
    body = objects(
        text=texts, model=model, kind=some.sampled_from([*LENSES, "x"]), fields=json_values,
        samplers=json_values, probs=some.lists(some.floats(), max_size=5), row=number, step=number,
        of=json_values, content=texts, title=texts, look=texts, lesson=json_values, version=texts,
    )  # fmt: skip
    own = some.tuples(CONTENT | cut, PARTS | cut, query).map(
        lambda each: f"/data/{each[0]}/{each[1]}?{each[2]}"
    )
    gets = some.one_of(
        own, cut.map("/events/{}".format), query.map("/pattern/x?{}".format),
        cut.map("/qr.svg?text={}".format), some.just("/saved"), cut.map("/learn/lessons/{}".format),
        cut.map("/learn/own/{}/file".format), cut.map("/assets/x/{}".format),
    )  # fmt: skip
    posts = some.sampled_from(
        ["/count", "/estimate", "/sampling/step", "/stop/x", "/learn/own", "/learn/own/file",
         "/learn/own/0000000000000000/steps", "/learn/own/0000000000000000/look"]
    )  # fmt: skip
    return some.one_of(
        some.tuples(some.just("GET"), gets, some.just(b"")),
        some.tuples(some.sampled_from(["POST", "POST", "POST", "PUT", "DELETE"]), posts, body),
    )


csv_lines = some.lists(some.lists(texts, max_size=4).map(",".join), max_size=6).map("\n".join)
table_bytes = some.one_of(
    csv_lines.map(lambda each: each.encode("utf-8", "surrogatepass")),
    some.lists(json_values, max_size=4).map(lambda each: b"\n".join(map(as_json, each))),
    some.binary(max_size=200),
    deep,
)
file_names = some.sampled_from(["a.csv", "a.jsonl", "a.txt", "a", "a.CSV", "\x1b.csv", ".."])
