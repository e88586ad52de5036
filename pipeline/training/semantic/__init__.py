"""Pictures with a class for every pixel to a network that gives one."""
