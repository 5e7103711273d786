"""Papers whose claims Samplers shows, each by a figure of a shipped run."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ...derived.feedback import surprise
from ...runs.trajectories import TrajectoryRun
from ..base import Paper


def _row(run: TrajectoryRun, name: str) -> int:
    return next(at for at, plan in enumerate(run.request.samplers) if plan[-1].name == name)


def spent_budget(run: TrajectoryRun) -> float:
    """Return the most entropy that Top-H left, as a share of the model's own."""
    row = _row(run, "top_h")
    return float(np.nanmax(run.final_entropy[row] / run.entropy[row]))


def mean_surprise(run: TrajectoryRun) -> float:
    """Return the mean surprise of what Mirostat 2 drew, bits."""
    return float(np.nanmean(surprise(run)[_row(run, "mirostat_v2")])) / math.log(2)


def own_gap(run: TrajectoryRun) -> float:
    """Return surprisal − entropy of texts drawn without a cut, in standard deviations."""
    row = _row(run, "temperature")
    gap = np.nansum((run.surprisal[row] - run.entropy[row]).astype(np.float64))
    return float(gap / np.sqrt(np.nansum(run.varentropy[row].astype(np.float64))))


def entropy_at_forks(run: TrajectoryRun) -> float:
    """Return the mean entropy where two samplers' texts part, over that of all steps."""
    at_forks = []
    samplers, seeds, _ = run.token_ids.shape
    for seed in range(seeds):
        for one, other in itertools.combinations(range(samplers), 2):
            parted = np.flatnonzero(run.token_ids[one, seed] != run.token_ids[other, seed])
            if parted.size:
                at_forks.append(run.entropy[one, seed, parted[0]])
    return float(np.nanmean(at_forks) / np.nanmean(run.entropy))


PAPERS = (
    Paper(
        number=17,
        claim="Top-H keeps as much probability as it can while the entropy of what it keeps stays "
        "within a share α of the model's own.",
        look="row=8&step=1&metric=final_entropy",
        example="trajectories_entropy_aware",
        expected=0.4,
        found=spent_budget,
        tolerance=0.001,
        remark="Found is the largest share spent at any step, with α = 0.4. The author's code and "
        "transformers count in another way and can go over the budget; docs/samplers.md says how.",
    ),
    Paper(
        number=54,
        claim="By moving its cut against every surprise, Mirostat keeps the mean surprise of a "
        "text at a target.",
        look="panel=feedback",
        example="trajectories_traps",
        expected=3.0,
        found=mean_surprise,
        tolerance=0.2,
        remark="In bits, over 128 tokens of version 2; the target is 3.",
    ),
    Paper(
        number=16,
        claim="Text that a model draws from its own distribution is on average as surprising to "
        "it as its entropy says.",
        look="row=3&panel=along_entropy_n",
        example="trajectories_classics",
        expected=0.0,
        found=own_gap,
        tolerance=2.0,
        remark="Found is the sum of surprisal − entropy in standard deviations, over three texts "
        "at temperature 1. Any cut breaks it: greedy is at −9, min-p at −7.",
    ),
    Paper(
        number=25,
        claim="Texts part where the model is unsure, so that trying again from peaks of entropy "
        "finds other ways with few tries.",
        look="panel=tree",
        example="trajectories_classics",
        expected=1.3,
        found=entropy_at_forks,
        tolerance=0.3,
        remark="Found is the entropy where two samplers part, over the mean of all steps. The "
        "jump after the answer of a tool, and choosing by a mean over the next tokens, need "
        "tools: they come with the lens Tools.",
    ),
)
