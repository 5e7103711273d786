"""Entropix: another way of sampling for each corner of the entropy-varentropy plane.

Follows the first published version (commit 9702669 of xjdr-alt/entropix), whose table needs the
fewest constants, with these differences:

- Thresholds are in nats and nats² (the original's 0.1, 3 and 5 bits), and every row of a batch is
  judged by its own numbers, not by the mean of the batch.
- Attention is not looked at: the terms with attention entropy, agreement and interaction strength
  are left out of every formula.
- "Ask a clarifying question" (a fixed token id of one vocabulary) is left out; the temperature
  that goes with it stays.
- Top-p keeps the most likely tokens. The original removes them, by accident.
- The adaptive state draws once. The original draws five times and keeps the most likely.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from ..quantities import Quantity
from .base import (
    Distribution,
    Sampler,
    State,
    Step,
    sampler,
)
from .ordering import keep_prefix
from .parameters import TEMPERATURE, Number

STATES = ("LELV", "HELV", "LEHV", "HEHV", "adaptive")
_BIT = math.log(2)


def _threshold(name: str, label: str, default: float, unit: str, text: str) -> Number:
    return Number(
        name,
        label,
        default=round(default, 4),
        low=0.0,
        high=100.0,
        step=0.01,
        usual=(0.0, 8.0),
        unit=unit,
        help=text,
    )


@sampler("entropix")
class Entropix(Sampler):
    """Chooses temperature and cut from the row's entropy and varentropy."""

    label = "Entropix"
    group = "entropy-aware"
    formula = r"(H, V) \mapsto (T, k, p, m)"
    explanation = (
        "Low entropy and varentropy (LELV): the most likely token. High entropy, low varentropy "
        "(HELV): a little warmer. Low entropy, high varentropy (LEHV): warmer. Both high (HEHV): "
        "hot. Anywhere between, temperature and cut follow H and V smoothly. The thresholds were "
        "tuned by hand for one model: move them."
    )
    source = "xjdr-alt/entropix at 9702669, from logits only; see the module for what differs."
    parameters = (
        replace(TEMPERATURE, default=0.666),
        Number("p", "Top-p", 0.9, 0, 1, 0.01, "Base top-p.", open_low=True, usual=(0.01, 1.0)),
        Number("k", "Top-k", 27, 1, 1_000_000, 1, "Base top-k.", usual=(1, 100), integer=True),
        Number("min_p", "Min-p", 0.0, 0, 1, 0.01, "Base min-p, of the adaptive state."),
        _threshold("low_entropy", "Low H below", 0.1 * _BIT, "nats", "LELV lies below it."),
        _threshold("high_entropy", "High H above", 3 * _BIT, "nats", "HELV lies above it."),
        _threshold("split_entropy", "H between LEHV and HEHV", 5 * _BIT, "nats", "The divide."),
        _threshold("low_varentropy", "Low V below", 0.1 * _BIT**2, "nats²", "LELV and HELV."),
        _threshold("high_varentropy", "High V above", 5 * _BIT**2, "nats²", "LEHV and HEHV."),
    )
    details: ClassVar[dict[str, Quantity]] = {
        "state": Quantity(
            "State (0 LELV, 1 HELV, 2 LEHV, 3 HEHV, 4 adaptive)", unit="", high=4, digits=0
        ),
        "temperature": Quantity("Temperature used", unit="", high=2),
        "top_p": Quantity("Top-p used", unit=""),
        "top_k": Quantity("Top-k used", unit="tokens", high=100, digits=0),
        "min_p": Quantity("Min-p used", unit=""),
    }

    def judge(self, raw: Distribution, state: State) -> Step:
        corner = self.state_of(raw.entropy, raw.varentropy)
        used = self._settings(corner, raw.entropy / _BIT, raw.varentropy / _BIT**2)
        judged = Distribution(raw.logits / used["temperature"][:, None])
        kept = self._keep(judged, used) & (raw.logits > -torch.inf)
        details = {"state": corner.to(raw.logits.dtype), **used}
        return Step(judged.only(kept), kept, judged, details)

    def state_of(self, entropy: Tensor, varentropy: Tensor) -> Tensor:
        """Return the index into ``STATES`` for entropy (nats) and varentropy (nats²), both [B]."""
        calm = varentropy < self.values["low_varentropy"]
        wild = varentropy > self.values["high_varentropy"]
        split = self.values["split_entropy"]
        corner = torch.full_like(entropy, 4, dtype=torch.long)
        corner[wild & (entropy > split)] = 3
        corner[wild & (entropy < split)] = 2
        corner[calm & (entropy > self.values["high_entropy"])] = 1
        corner[calm & (entropy < self.values["low_entropy"])] = 0
        return corner

    def _settings(self, corner: Tensor, entropy: Tensor, varentropy: Tensor) -> dict[str, Tensor]:
        """Return temperature, top-p, top-k and min-p [B]; entropy in bits, varentropy in bits²."""
        base, both = self.values, entropy + varentropy
        warm = base["temperature"]
        by_state = [warm, min(1.5, warm * 1.3), min(1.5, warm * 1.2), max(2.0, warm * 2)]
        fixed = entropy.new_tensor([*by_state, warm])[corner]
        adaptive = corner == 4
        temperature = torch.where(adaptive, warm * (1 + 0.3 * both), fixed)
        floor = (base["min_p"] * (1 - 0.5 * both)).clamp(0.01, 0.5)
        mass = torch.full_like(entropy, base["p"])
        mass[corner == 3] = max(0.5, base["p"])
        mass[adaptive] = max(0.1, base["p"])
        count = torch.full_like(entropy, base["k"])
        count[corner == 0] = 1
        count[corner == 2] = max(5, base["k"])
        return {
            "temperature": temperature.clamp(0.01, 10),
            "top_p": mass,
            "top_k": torch.where(adaptive, count.clamp(max=100), count),
            "min_p": torch.where(adaptive, floor, base["min_p"]),
        }

    @staticmethod
    def _keep(judged: Distribution, used: dict[str, Tensor]) -> Tensor:
        def length(probs: Tensor, ids: Tensor, rows: Tensor) -> Tensor:
            before = (probs.cumsum(-1, dtype=torch.float64) < used["top_p"][rows, None]).sum(-1) + 1
            floor = (probs >= used["min_p"][rows, None] * probs[:, :1]).sum(-1)
            return torch.minimum(torch.minimum(before, floor), used["top_k"][rows].long())

        return keep_prefix(judged.probs, length)
