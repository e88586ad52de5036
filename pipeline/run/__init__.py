"""The run: decides when and whether; plan, ledger, resume, report."""
