"""What begins and ceases to be true: searches asked at their moments, and what came of it told exactly once."""
