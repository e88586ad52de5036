"""Painted frames to an output: encode, mux, publish."""
