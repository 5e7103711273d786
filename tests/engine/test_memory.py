"""Memory as the engine counts it."""

from dataclasses import dataclass

import numpy as np
import pytest

from backend.engine.budget import readable_bytes
from backend.storage.byte_cache import ByteCache, size_of


@dataclass
class Notes:
    """Something with arrays and words."""

    values: np.ndarray
    words: list[str]


def test_a_size_counts_arrays_and_the_strings_in_containers():
    numbers = np.zeros(1000, np.float32)
    assert size_of(numbers) == 4000
    assert size_of(Notes(numbers, ["a" * 1000, "b" * 1000])) > 6000
    assert size_of({"a" * 500: ("b" * 500,)}) > 1000


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500_000, "2 MB"), (5_234_000_000_000, "5,234.0 GB")],
)
def test_bytes_are_written_for_people(count, text):
    assert readable_bytes(count) == text


def test_a_cache_drops_the_least_recently_used_first():
    cache = ByteCache[np.ndarray](limit=30)
    for name in "abc":
        cache.put(name, np.zeros(10, np.int8))
    assert cache.get("a") is not None
    cache.put("d", np.zeros(10, np.int8))
    assert [name for name in "abcd" if cache.get(name) is not None] == ["a", "c", "d"]
    assert cache.bytes == 30


def test_a_value_put_twice_counts_once():
    cache = ByteCache[np.ndarray](limit=30)
    for size in (25, 10):
        cache.put("a", np.zeros(size, np.int8))
    assert (len(cache), cache.bytes) == (1, 10)


def test_the_newest_value_stays_even_when_it_is_too_large():
    cache = ByteCache[np.ndarray](limit=30)
    cache.put("a", np.zeros(10, np.int8))
    cache.put("b", np.zeros(100, np.int8))
    assert cache.get("a") is None
    assert cache.get("b") is not None
