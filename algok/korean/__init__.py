"""Facts of the Korean language and of Korea that several rooms stand on: syllables, districts, the morphological analyser."""
