"""Mask R-CNN for a CPU: three programs without loops, and in NumPy what sorts and chooses between them."""
