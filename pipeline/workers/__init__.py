"""Runs tasks in processes: the only room that knows Ray; it knows no video."""
