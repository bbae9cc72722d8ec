"""Documents of word processors and presentations, each format in a file of its own."""
