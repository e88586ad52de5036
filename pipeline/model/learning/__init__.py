"""What a training step minimises: matching, sampling, losses."""
