"""How the models are trained; nothing here is loaded by a run."""
