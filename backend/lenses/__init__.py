"""The lenses, one file each in the folder of their group: declared here, found by themselves.

A lens is declared without Streamlit: report, notebook, shell and documentation need it too.
"""

from ..registry import import_all
from .base import GROUPS, LENSES, Example, Group, Lens, Paper, declare, lenses_of

__all__ = ["GROUPS", "LENSES", "Example", "Group", "Lens", "Paper", "declare", "lenses_of"]

import_all(__name__, __path__)
