"""The Compare page: two runs, their difference, and how far their predictions are apart."""
