"""The third answer besides good and bad: not checked."""

from __future__ import annotations


class Unchecked(Exception):
    """Something could not be checked here, for want of a library, a program or a file. It says nothing about it."""
