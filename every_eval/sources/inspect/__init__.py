"""Inspect AI as a source: logs of evaluations, in files `.eval` and `.json`."""
