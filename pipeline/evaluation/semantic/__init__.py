"""Measuring a network that gives each pixel a class."""
