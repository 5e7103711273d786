"""Library: the runs that were saved, to find, open, compare and take along."""

from components.stage import show_library

PLACE = 10

show_library()
