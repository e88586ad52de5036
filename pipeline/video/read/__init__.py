"""A source to facts and frames: probe, plan, decode."""
