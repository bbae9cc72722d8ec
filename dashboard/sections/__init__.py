"""The sections of a report, one file each: figures in, markup out."""
