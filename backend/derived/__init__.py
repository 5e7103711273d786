"""Numbers made from stored runs; no model is needed. A file that declares one is found here."""

from ..registry import import_all
from .base import (
    DERIVED,
    Derived,
    Number,
    derived,
    names_of,
    number,
    number_names,
    quantity_of,
)

__all__ = [
    "DERIVED",
    "Derived",
    "Number",
    "derived",
    "names_of",
    "number",
    "number_names",
    "quantity_of",
]

import_all(__name__, __path__)
