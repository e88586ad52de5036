"""Weights: which there are, how they get here, and how each foreign file is read."""
