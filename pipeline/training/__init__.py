"""Labelled pictures to weights: trained the network that ships, and fine-tunes it on other data."""
