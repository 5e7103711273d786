"""Charts: from the numbers of a run to Altair charts over named data. Nothing is drawn here."""
