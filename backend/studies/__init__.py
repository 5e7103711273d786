"""Questions asked of a model, one file each; importing this package registers them all."""

from backend.studies import text  # noqa: F401  registers itself
from backend.studies.base import STUDIES, Estimate, Progress, Report, Study, ignore, provenance

__all__ = ["STUDIES", "Estimate", "Progress", "Report", "Study", "ignore", "provenance"]
