"""Questions asked of a model, one file each; importing this package finds them all."""

from ..registry import import_all
from .base import STUDIES, Estimate, Progress, Report, Study, ignore, provenance

__all__ = ["STUDIES", "Estimate", "Progress", "Report", "Study", "ignore", "provenance"]

import_all(__name__, __path__)
