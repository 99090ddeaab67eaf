"""The command line: reads arguments, calls, prints. Nothing is decided here that the rest of syncd could decide."""
