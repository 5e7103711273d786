"""What a token grid refuses, and where rows part."""

import numpy as np
import pytest

from components.token_grid import Metric, first_departure, token_grid

ROWS = [["a", "b"], ["a", "c", "d"]]


def draw(**changes):
    metrics = [Metric("entropy", "Entropy", np.zeros((2, 3)))]
    given = {"metrics": metrics, "labels": ["one", "two"], "metric": "entropy", "key": "grid"}
    return token_grid(ROWS, **(given | changes))


@pytest.mark.parametrize(
    ("row", "step"),
    [("abc", None), ("ab", None), ("", None), ("axc", 1), ("xyz", 0), ("abcd", 3)],
)
def test_a_row_departs_where_it_first_goes_on_differently(row, step):
    assert first_departure(row, "abc") == step


def test_a_metric_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="No metric 'rank' among entropy"):
        draw(metric="rank")


def test_every_row_needs_a_label():
    with pytest.raises(ValueError, match="1 labels for 2 rows"):
        draw(labels=["one"])


def test_values_must_fit_the_rows():
    with pytest.raises(ValueError, match="Entropy: values of 2×2 for 2 rows of 3 steps"):
        draw(metrics=[Metric("entropy", "Entropy", np.zeros((2, 2)))])
