"""Evidence: sources fused by three rules, conflict and ignorance apart."""

from __future__ import annotations

from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.table import Table
from ._evidence_charts import (
    TRUST,
    contradicted,
    intervals,
    shares,
)

METAL = (
    "The metal that is liquid at room temperature is",
    r"Q: Which metal is liquid at room temperature?\nA:",
    "At room temperature, the liquid metal is",
)

declare(
    Lens(
        kind="evidence",
        title="Evidence",
        summary="What several prompts say together, conflict and ignorance kept apart.",
        group="write",
        family="Answers",
        icon="balance",
        place=47,
        figures=("conflict_first", "sure", "unknown"),
        panels=(
            Chart(
                key="belief_to_plausibility",
                title="Belief to plausibility",
                read="A bar from what surely speaks for an option to all that does not speak "
                "against it; the dot is the probability to bet on.",
                area="stage",
                draw=intervals,
                of=("belief", "plausibility", "pignistic"),
                controls=(TRUST,),
            ),
            Chart(
                key="mass",
                title="Where the mass lies",
                read="Dempster leaves conflict out, Yager counts it as not known, Dubois and Prade "
                "give it to the options of either side.",
                draw=shares,
                of=("mass",),
                controls=(TRUST,),
            ),
            Chart(
                key="conflict",
                title="Conflict",
                read="How much of what each source says contradicts all before it.",
                draw=contradicted,
                of=("conflict",),
                controls=(TRUST,),
            ),
            Map(
                title="What each prompt says",
                read="A row a source, a column an option: the model's own probabilities.",
                of="probabilities",
                axes=("E", "O"),
                area="timeline",
            ),
            Map(
                title="Masses of the sources",
                read="The last column is what each source leaves open.",
                of="sources",
                axes=("E", "U"),
                area="timeline",
            ),
            Table(
                title="Rules",
                read="Of all sources together, with the trust that was asked for.",
                table="rule_trust",
                axes=("F",),
                of=(
                    "rule_conflict",
                    "rule_ignorance",
                    "unsure_asked",
                    "nonspecificity_asked",
                    "deng_asked",
                ),
            ),
            Table(
                key="options",
                title="Options",
                read="Every option by every rule, with the trust that was asked for.",
                table="rule_trust_option",
                axes=("F", "O"),
                of=("belief_asked", "plausibility_asked", "pignistic_asked"),
            ),
        ),
        examples=(
            Example(
                "evidence_metal",
                "Which metal is liquid?",
                "Three ways to ask, and the second hardly says mercury. Dempster hides two thirds "
                "of conflict behind its answer; Yager keeps a quarter as not known.",
                {"prompts": METAL, "options": ("mercury", "iron", "gold", "copper")},
            ),
            Example(
                "evidence_zadeh",
                "Two doctors, one far-fetched agreement",
                "They agree on a tumour at one percent only, and Dempster makes it certain: see "
                "the conflict first.",
                {
                    "prompts": (),
                    "options": ("meningitis", "tumour", "concussion"),
                    "trust": 1.0,
                    "masses": (
                        "first doctor: meningitis 0.99; tumour 0.01",
                        "second doctor: concussion 0.99; tumour 0.01",
                    ),
                },
            ),
        ),
        papers=(
            Paper(
                14,
                "Sources are fused so that conflict and ignorance stay apart from belief: of two "
                "that contradict in .9999, Yager's rule calls as much not known.",
                "",
                "evidence_zadeh",
                0.9999,
                lambda run: float(run.mass[1, 0, -1]),
                1e-6,
            ),
            Paper(
                14,
                "Two sources that nearly exclude each other make Dempster's rule certain of the "
                "little they share, so that the conflict has to be seen first.",
                "",
                "evidence_zadeh",
                1.0,
                lambda run: float(run.belief[0, 0, 1]),
                1e-6,
            ),
            Paper(
                14,
                "Answers of a language model are sources like others, each discounted by its "
                "trust; what they cannot tell stays open.",
                "",
                "evidence_metal",
                0.279,
                lambda run: float(run.mass[1, 0, -1]),
                0.01,
                "Found is what Yager's rule leaves open over three prompts with trust .9; expected "
                "is the same on our first measurement. The paper fuses pairs of alloys and answers "
                "of several models, and its data are not shipped.",
            ),
        ),
        guide=(
            "Every prompt is a source: the options are scored behind it, and its trust is shared "
            "among them by probability. Under Options other sources can be written by hand, with "
            "masses on sets such as red|blue.",
            "Dempster's rule asks for independent sources. Two prompts of one model are not: "
            "asking the same twice makes it look surer than it is.",
            "Only Dempster's rule does not depend on the order of the sources. With full trust and "
            "probabilities alone it is their product.",
        ),
    )
)
