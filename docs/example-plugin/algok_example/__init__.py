"""A step and a reader for algok."""
