"""What is asked for: options, job files, inputs, and the settings they become."""
