"""Recognisers of Korean personal data, and what is done with what they find (step 8, docs/privacy.md)."""
