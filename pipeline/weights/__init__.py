"""Weights: the catalog of those there are, and how they get here, checked."""
