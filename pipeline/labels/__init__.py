"""Labelled pictures, read in one way for training and for evaluation."""
