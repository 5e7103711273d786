"""Studies of Scaling that need no model: the law of translation, densities, and shipped ladders."""

from __future__ import annotations

import numpy as np
import pytest

from backend.errors import CancelledError, InputError
from backend.progress import Progress
from backend.runs.density import PUBLISHED, DensityRequest
from backend.runs.ladder import LadderRequest
from backend.runs.translation_law import TranslationLawRequest
from backend.studies import STUDIES


def answer(request):
    run = STUDIES[request.kind].run(None, request, lambda _: None)
    run.check()
    return run


def test_a_law_with_given_constants_has_them():
    run = answer(TranslationLawRequest(scale=0.4, encoder_power=0.18, decoder_power=0.3, floor=1.2))
    at = int(np.argmin(abs(run.sizes - 1e8)))
    assert run.loss[at, at] == pytest.approx(1.6, abs=1e-3)
    best = run.shares[run.of_budget.argmin()]
    assert best == pytest.approx(0.375, abs=0.02)
    assert np.isnan(run.error).all()


def test_points_are_fitted_and_one_side_alone_is_said_to_be_too_little():
    points = tuple(f"{n:g} 1e8 {1.2 + 0.4 * (1e8 / n) ** 0.18}" for n in (5e7, 1e8, 2e8, 4e8, 8e8))
    run = answer(TranslationLawRequest(points=points))
    assert not run.determined
    assert run.encoder_power == pytest.approx(0.18, abs=0.01)


@pytest.mark.parametrize("points", [("1e8 1e8 1.6",), ("a b c",) * 4, ("1 1 1.5",) * 4])
def test_points_of_no_use_say_why(points):
    with pytest.raises(InputError, match="point"):
        answer(TranslationLawRequest(points=points))


def test_every_published_score_says_where_it_is_printed():
    assert all(each.source and 0 < each.score < 1 for each in PUBLISHED)
    assert len({each.name for each in PUBLISHED}) == len(PUBLISHED)


def test_a_family_is_about_as_dense_as_itself():
    run = answer(DensityRequest())
    own = [each.name.startswith("Llama 2") for each in run.models]
    assert run.density[own] == pytest.approx(np.ones(sum(own)), abs=0.3)


def test_another_model_can_be_placed_among_them():
    run = answer(DensityRequest(others=("Mine; 2025-06-01; 1.7; 62.6",)))
    assert run.models[-1].name == "Mine"
    assert run.effective[-1] == pytest.approx(35, rel=0.1)  # as Llama 2 34B scores
    with pytest.raises(InputError, match="is no model"):
        answer(DensityRequest(others=("Mine, 2025",)))


def test_a_ladder_has_a_fit_after_every_record_and_goes_on_after_a_stop():
    request = LadderRequest(items=256, seeds=1)
    seen: list = []

    def stop(progress: Progress) -> None:
        seen.append(progress.partial)
        if len(seen) == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        STUDIES["ladder"].run(None, request, stop)
    assert [len(each.step) for each in seen] == [1, 2]
    assert all(each.kind == "ladder" and np.isfinite(each.floor) for each in seen)
