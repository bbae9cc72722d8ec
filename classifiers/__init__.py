"""Models: loading, training, evaluation. Empty until the model steps (3, 5, 6) come."""
