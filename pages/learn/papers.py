"""Papers: Which claim of which paper can be seen here, and whether our figure agrees."""

PLACE = 60
MODULE = "papers"  # drawn by the frame
