"""`python -m bench.fakeaws` serves a fake estate until it is stopped."""

from bench.fakeaws.server import main

main()
