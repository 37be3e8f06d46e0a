"""Starts the verifier: `python3 -m lawgate_verify`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
