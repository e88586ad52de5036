"""The loss of a training step: matching, sampling, losses."""
