"""The benchmarks' own instruments do what they promise."""
