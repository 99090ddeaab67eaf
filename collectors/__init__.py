"""Talks to providers, one package each: knows no store, no target, no schedule."""
