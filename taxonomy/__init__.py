"""The four axes and the tagger. Empty until domain tagging comes."""
