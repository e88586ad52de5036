"""Pictures in, the same pictures with masks out."""
