"""Compare: two runs of one kind, and what they differ by."""

from ...derived.comparison import Comparison
from ..base import Lens, declare
from ..panels.chart import Chart
from ..panels.comparison import BothSides, Pair
from ..panels.difference_table import DifferenceTable, SummaryTable
from ..panels.picture import Choice
from ._compare_charts import (
    against,
    curves,
    depths,
    divergence,
    has_depths,
    has_divergence,
    has_heads,
    has_samplers,
    has_scatter,
    heads,
    is_of_texts,
    paths,
)

RULE = (
    "Texts are matched word by word, so that as much as possible is in both. Runs meet at the "
    "smallest spans of text that are whole tokens in both; the surprisal of a span is the sum over "
    "its tokens, whichever way it was cut, and entropy and varentropy are summed too. What only "
    "one text has stands alone and has no difference."
)
CHAIN = "Shannon 1948; the chain rule of probability makes sums over spans comparable."

SAMPLER_NUMBERS = {
    "entropy": "Entropy",
    "surprisal": "Surprisal",
    "kl": "KL to the model",
    "kept_mass": "Kept mass",
}

declare(
    Lens(
        kind="compare",
        shows=Comparison,
        title="Compare",
        summary="Two runs of one kind: A above B, and between them the difference.",
        group="keep",
        icon="compare_arrows",
        place=20,
        figures=("mean_difference", "higher", "correlation"),
        panels=(
            Chart(
                key="heads",
                title="Heads, B − A",
                read="Orange heads have more in B, purple ones less; the mean over the tokens.",
                about="The two means are over the same tokens only when both runs read the same "
                "text.",
                formula=r"\Delta^{(l,h)}=\frac1{|I_B|}\sum_{i\in I_B}H^{(l,h)}_{B,i}"
                r"-\frac1{|I_A|}\sum_{i\in I_A}H^{(l,h)}_{A,i}",
                source="Shannon 1948.",
                area="side",
                draw=heads,
                state=("colour", "spread"),
                moves="head",
                only=has_heads,
                missing="The models have different numbers of layers or heads.",
            ),
            Pair(
                title="Both texts",
                read="A stands above B. The bar between them rises towards the text that has more: "
                "up for A, down for B.",
                about=RULE,
                formula=r"s(\text{span})=\sum_{i\in\text{span}}-\ln p_i(x_i)",
                source=CHAIN,
            ),
            Chart(
                key="paths",
                title="Samplers along the steps",
                read="One colour a sampler; A is drawn through, B is dashed. Mean over the seeds.",
                about="Samplers are matched by name and parameters. Each point is a mean of the "
                "numbers of the seeds still running, not the number of a mean distribution.",
                formula=r"\bar H_t=\frac1S\sum_{s}\Bigl(-\sum_v p_{s,t}(v)\ln p_{s,t}(v)\Bigr)",
                source="Shannon 1948.",
                area="stage",
                draw=paths,
                controls=(Choice("number", "Along the steps", SAMPLER_NUMBERS),),
                moves="step",
                only=has_samplers,
            ),
            DifferenceTable(
                key="rows",
                rows=True,
                title="Texts in both",
                read="Rows are matched by their texts, letter by letter. The largest difference "
                "comes first.",
                area="stage",
            ),
            SummaryTable(
                key="overview",
                picture=True,
                title="Every number",
                read="Means over all places of both runs, and what they differ by.",
                area="stage",
            ),
            BothSides(title="This place", read="What each run has here."),
            Chart(
                key="curves",
                title="Curves",
                read="Where the lines part, the runs disagree. Click to pin a place.",
                about=RULE,
                draw=curves,
                state=("colour", "head", "at"),
                moves="place",
                only=is_of_texts,
                missing="The two runs have no number of tokens in common.",
            ),
            Chart(
                key="against",
                title="A against B",
                read="On the diagonal the runs agree; above it, B has more.",
                about=RULE,
                draw=against,
                state=("colour", "head", "at"),
                moves="place",
                only=has_scatter,
                missing="The two runs have no number in common.",
            ),
            Chart(
                key="divergence",
                title="Divergence",
                read="0: both predict the same. From stored tops, the Jensen–Shannon divergence "
                "lies inside the band, each KL at its dot or above.",
                about="Merging all tokens but those both runs hold can only bring distributions "
                "closer, which gives the lower end; if the others had nothing in common, they "
                "would add the upper end. KL has a lower bound only, since one model may give "
                "next to nothing to what the other allows. The exact divergence is over the whole "
                "vocabulary and needs both models.",
                formula=r"\mathrm{KL}(A\Vert B)\ge\sum_{v\in\text{top}\,\cup\{\text{rest}\}}a(v)"
                r"\ln\frac{a(v)}{b(v)},\quad\mathrm{JS}=\tfrac12\mathrm{KL}(A\Vert M)+"
                r"\tfrac12\mathrm{KL}(B\Vert M),\quad M=\tfrac12(A+B)",
                source="Kullback and Leibler 1951; Lin 1991; data processing inequality.",
                draw=divergence,
                moves="place",
                only=has_divergence,
                missing="The two models have different vocabularies, so that there are no common "
                "tokens to compare predictions for. Surprisal of common spans can be compared.",
            ),
            Chart(
                key="depths",
                title="By depth",
                read="Means over the tokens of each run.",
                draw=depths,
                state=("colour",),
                only=has_depths,
            ),
            DifferenceTable(
                title="Table",
                read="The largest difference comes first; click a column to sort, a row to pin it. "
                "Of samplers: the mean B − A of every number over the steps that both have.",
            ),
            SummaryTable(
                title="Every number",
                read="Means over the places that both runs have, and what they differ by.",
            ),
        ),
        guide=(
            "Surprisal is what to look at first: it says where one reading is led astray and the "
            "other is not.",
            "Bounds come from stored tops: store more top tokens to narrow them, or compute the "
            "divergence exactly where both models can be loaded.",
        ),
    )
)
