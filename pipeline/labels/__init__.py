"""Labelled pictures, read one way for training and for measuring."""
