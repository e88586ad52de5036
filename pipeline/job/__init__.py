"""The request: options, job files, inputs, and the settings they become."""
