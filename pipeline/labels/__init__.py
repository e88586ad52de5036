"""Labelled pictures, read and compared with one way for training and for measuring."""
