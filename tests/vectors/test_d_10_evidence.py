"""Evidence theory and alloys: masses fused by three rules, and rules of mixtures."""

from __future__ import annotations

import math

import pytest
import torch

from backend.measures.alloys import (
    GAS_CONSTANT,
    mismatch,
    mixing_enthalpy,
    mixing_entropy,
    omega,
)
from backend.measures.evidence import (
    RULES,
    belief,
    deng_entropy,
    discounted,
    entropy,
    from_probabilities,
    fuse,
    nonspecificity,
    pignistic,
    plausibility,
    substitution,
)
from backend.runs import evidence as runs
from backend.runs.alloys import ELEMENTS, pair_enthalpies, structure
from tests.vectors.reading import block, doubles

BLOCK = block("d", "10_evidence")
WITHIN = BLOCK["tolerance"]
CASES = BLOCK["cases"]
FUSED = [case for case in CASES if "sources" in case]
TRUSTED = [case for case in CASES if "trust" in case]
PAIRS = [case for case in CASES if "same_outcome" in case]
ALLOYS = [case for case in CASES if "fractions" in case]
NAMES = dict(zip(("dempster", "yager", "dubois_prade"), RULES, strict=True))


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


def to_mass(masses, frame):
    """Return masses keyed by letters as a tensor over bit sets."""
    found = torch.zeros(1 << len(frame), dtype=torch.float64)
    for letters, mass in masses.items():
        found[sum(1 << frame.index(letter) for letter in letters)] = mass
    return found


def check(mass, expected, frame):
    """Compare masses, and everything made from them, with a case."""
    assert mass.tolist() == pytest.approx(to_mass(expected["mass"], frame).tolist(), abs=WITHIN)
    for name, make in (("bel", belief), ("pl", plausibility), ("pignistic", pignistic)):
        values = [expected[name][letter] for letter in frame]
        assert make(mass).tolist() == pytest.approx(values, abs=WITHIN)
    bits = {
        "H_pignistic_bits": entropy(pignistic(mass)),
        "deng_entropy_bits": deng_entropy(mass),
        "nonspecificity_bits": nonspecificity(mass),
        "shannon_of_masses_bits": entropy(mass),
    }
    for name, nats in bits.items():
        assert nats / math.log(2) == pytest.approx(expected[name], abs=WITHIN)


def test_the_rules_are_those_that_runs_name():
    assert RULES == runs.RULES


def test_every_case_is_read():
    assert len(FUSED) + len(TRUSTED) + len(PAIRS) + len(ALLOYS) == len(CASES)


@each(FUSED)
@pytest.mark.parametrize("rule", NAMES)
def test_sources_are_fused(case, rule):
    frame = case["frame"]
    reliability = case["reliability"] or [1.0] * len(case["sources"])
    sources = [
        discounted(to_mass(masses, frame), share)
        for masses, share in zip(case["sources"], reliability, strict=True)
    ]
    found, expected = fuse(sources, NAMES[rule]), case[rule]
    if expected is None:  # undefined at full conflict
        assert found.mass.isnan().all()
        assert found.conflict[-1] == pytest.approx(1, abs=WITHIN)
        return
    assert found.conflict[1:] == pytest.approx(expected["conflict_each_step"], abs=WITHIN)
    check(found.mass, expected, frame)


@each(TRUSTED)
def test_probabilities_become_masses(case):
    found = from_probabilities(doubles(case["p"]), case["trust"])
    assert found.tolist() == pytest.approx(to_mass(case["mass"], "ABC").tolist(), abs=WITHIN)


@each(PAIRS)
def test_pairs_of_alloys_are_evidence(case):
    found = fuse(substitution(case["same_outcome"], case["alpha"]), "Dempster")
    assert found.conflict == pytest.approx(case["conflict"], abs=WITHIN)
    check(found.mass, case, "DS")


@each(ALLOYS)
def test_an_alloy_is_mixed(case):
    parts = doubles(list(case["fractions"].values()))
    elements = [ELEMENTS[name] for name in case["fractions"]]
    pairs = doubles(pair_enthalpies(list(case["fractions"])))
    melting = doubles([each.melting for each in elements])
    # The fractions are printed with ten digits.
    close = {"rel": 1e-8, "abs": 1e-8}
    assert mixing_entropy(parts) == pytest.approx(case["dS_over_R"], **close)
    assert GAS_CONSTANT * mixing_entropy(parts) == pytest.approx(case["dS_mix"], **close)
    assert mixing_enthalpy(parts, pairs) == pytest.approx(case["dH_mix_kJ"], **close)
    radii = doubles([each.radius for each in elements])
    assert 100 * mismatch(parts, radii) == pytest.approx(case["delta_percent"], **close)
    electrons = float((parts * doubles([each.electrons for each in elements])).sum())
    assert electrons == pytest.approx(case["VEC"], **close)
    assert float((parts * melting).sum()) == pytest.approx(case["Tm_mean_K"], **close)
    expected = math.nan if case["omega"] is None else case["omega"]
    assert omega(parts, pairs, melting) == pytest.approx(expected, nan_ok=True, **close)
    assert structure(electrons) == case["vec_rule"]
