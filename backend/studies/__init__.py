"""Questions asked of a model, one file each; importing this package registers them all."""

from backend.studies import attention, both, dataset, divergence, text, trajectories  # noqa: F401
from backend.studies.base import STUDIES, Estimate, Progress, Report, Study, ignore, provenance

__all__ = ["STUDIES", "Estimate", "Progress", "Report", "Study", "ignore", "provenance"]
