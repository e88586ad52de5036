"""Labelled pictures to weights: how the network that ships was trained, and how it is fine-tuned on other data."""
