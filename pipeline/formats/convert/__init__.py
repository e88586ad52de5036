"""Foreign checkpoints, one file a source: where each variable lies in it."""
