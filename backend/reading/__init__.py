"""How a text is read: tokens, windows, batches, what it costs, and one forward pass for all."""
