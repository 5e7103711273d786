"""The lenses of the group ``read``."""
