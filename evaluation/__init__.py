"""Labelled documents: how right the models and bounds are, and which bounds to choose. No run needs this."""
