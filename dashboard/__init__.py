"""What people look at: the report of a run in one file, the comparison of two, and the live dashboard."""
