"""A part of a film as a film of its own: its frames, and of other streams its packets."""
