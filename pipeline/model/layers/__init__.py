"""Layers with weights: convolutions and dense products, and the parts of the network that are made of them."""
