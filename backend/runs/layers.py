"""What the runs about the layers of a model share: what is asked of a text, and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .base import Request
from .fields import bos_option, reading_text, special_option


@dataclass(frozen=True, kw_only=True)
class LayersRequest(Request):
    """Ask something of every layer of a model that reads ``text``."""

    text: str = reading_text()
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()


UNCOMP = "UNComp: Xiong et al. 2025, arXiv 2410.03090."
NUCLEAR = "Li et al. 2024, Matrix Nuclear-Norm, arXiv 2410.10672."
DIFFUSION = "Liao et al. 2023, arXiv 2312.04823."
LOGIT_LENS = "Logit lens: nostalgebraist 2020."
LINEAR_LENS = "Linear map between layers: after Din et al. 2023, arXiv 2303.09435."
EXPERTS = "A Survey on Mixture of Experts: Cai et al. 2024, arXiv 2407.06204."
