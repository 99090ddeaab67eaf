"""What happened reaches those who are to hear of it: nothing before it is committed, nothing lost at a crash."""
