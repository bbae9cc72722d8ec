"""From finished runs to a training stream: what is read how often, in which order, and the proof of it."""
