"""What can be watched while a model reads, one file a thing to watch."""
