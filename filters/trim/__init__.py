"""What only surrounds the text of a kind of source (by-lines, references, forms), and how it is taken away."""
