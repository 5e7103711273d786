"""The lenses of the group ``many``."""
