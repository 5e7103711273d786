"""The lenses of the group ``keep``."""
