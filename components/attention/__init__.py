"""The attention page: a run's heads on screen, what one of them does, and its pattern on demand."""
