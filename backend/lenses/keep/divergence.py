"""Divergence: how far apart two models' predictions are, over the full vocabulary."""

from ..base import Lens, declare
from ..panels.along import Along
from ..panels.facts import Facts
from ..panels.strip import Strip
from ..panels.table import Table

NUMBERS = ("js", "kl_ab", "kl_ba")

declare(
    Lens(
        kind="divergence",
        title="Divergence",
        summary="How far apart two models' predictions are at every token of a text.",
        group="keep",
        icon="compare_arrows",
        place=30,
        figures=("mean_js", "mean_kl_ab", "mean_kl_ba"),
        panels=(
            Strip(
                title="The text, token by token",
                read="The colour of a token is about the two distributions that predicted it: how "
                "far they are apart.",
                about="Colours end at ln 2 nats, of KL at 7; or at a tenth, a hundredth … of it.",
                colours=NUMBERS,
                tight=True,
            ),
            Facts(title="This token", read="What the two models disagree by here.", of=NUMBERS),
            Along(
                title="Curve",
                read="0: both models predict the same. Over the whole vocabulary, at the same "
                "tokens.",
                about="KL(A‖B) is how many more nats it costs to pack A's world with B's "
                "predictions. The Jensen–Shannon divergence is symmetric and at most ln 2.",
                of=NUMBERS,
            ),
            Table(
                title="Table",
                read="One row a token; click a column to sort, a row to pin its token.",
                table="tokens",
                axes=("T",),
                of=NUMBERS,
                sort="js",
            ),
        ),
    )
)
