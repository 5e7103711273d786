"""The lenses of the group ``write``."""
