"""Text → tree → SQL → rows. Only reads: no search, however hostile, changes a byte or runs without an end."""
