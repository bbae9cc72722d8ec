"""Readers: a shard in, chunks of documents out, in bounded memory, every record accounted for."""
