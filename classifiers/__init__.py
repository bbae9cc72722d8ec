"""Models: finding and checking them (store.py), training, and evaluation; the small defaults lie in models/."""
