"""The run: decides what is made and when; the plan, the flow of passes, the runner."""
