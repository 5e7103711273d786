"""Lessons: Seven walks over real runs, and your own."""

PLACE = 10
MODULE = "lessons"  # drawn by the frame
