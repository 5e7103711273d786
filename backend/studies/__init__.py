"""Questions asked of a model, one file each; importing this package registers them all."""

from . import attention, both, dataset, divergence, text, trajectories  # noqa: F401
from .base import STUDIES, Estimate, Progress, Report, Study, ignore, provenance

__all__ = ["STUDIES", "Estimate", "Progress", "Report", "Study", "ignore", "provenance"]
