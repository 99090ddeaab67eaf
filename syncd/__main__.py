"""`python -m syncd`, and the command `syncd`."""

import sys

from syncd.cli.syncd import main

if __name__ == "__main__":
    sys.exit(main())
