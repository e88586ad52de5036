"""Checks that a file holds what it promises; used before publishing and by `verify`."""
