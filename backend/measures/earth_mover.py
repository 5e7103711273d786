"""Earth mover's distance between a prediction and what came, with cosines as the cost.

Moving mass from token i to token j costs 1 − cos(e_i, e_j), from 0 to 2. Where one token came the
distance is exact; between two distributions it is that of the independent coupling, an upper bound
that is not 0 for equal ones. Source: Ren et al. 2023, arXiv 2310.04691 (EMO). Their patch takes the
target's mass off inside the product, which adds q_y to the value: that is not shown here.
"""

from __future__ import annotations

from torch import Tensor


def unit_rows(embeddings: Tensor) -> Tensor:
    """Return ``embeddings`` [V, D] with rows of length 1; a row of zeros stays one, at cost 1."""
    return embeddings / embeddings.norm(dim=-1, keepdim=True).clamp(min=1e-30)


def mover_cost(probabilities: Tensor, rows: Tensor, came: Tensor) -> Tensor:
    """Return Σ_j q_j (1 − cos(e_j, e_y)), [R]: the exact distance to the token that came.

    Args:
        probabilities: q [R, V].
        rows: from ``unit_rows`` [V, D].
        came: y, integers [R].
    """
    return probabilities.sum(-1) - ((probabilities @ rows) * rows[came]).sum(-1)


def mover_bound(one: Tensor, other: Tensor, rows: Tensor) -> Tensor:
    """Return 1 − ⟨êᵀp, êᵀq⟩, [R], of distributions [R, V]: an upper bound of their distance."""
    return 1 - ((one @ rows) * (other @ rows)).sum(-1)
