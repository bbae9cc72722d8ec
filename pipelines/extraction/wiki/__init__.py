"""Markup of wikis to text, by linear scanners: Wikipedia's wikitext and Namuwiki's namumark."""
