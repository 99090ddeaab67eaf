"""Changing what is outside: planned first, applied on somebody's word, each resource looked at anew right before."""
