"""Trunks that were compared and do not ship."""
