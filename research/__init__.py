"""Programs that made the weights that ship; not part of the wheel."""
