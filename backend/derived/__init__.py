"""Numbers made from stored runs; no model is needed."""
