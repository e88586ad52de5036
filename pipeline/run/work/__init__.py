"""The work of each pass on one chunk, in a worker or in the driver."""
