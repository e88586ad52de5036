"""Measuring a network, or a finished run, against labels."""
