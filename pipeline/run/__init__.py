"""Runs: the plan, the flow of passes, and the runner that decides what is made when."""
