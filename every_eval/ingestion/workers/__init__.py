"""Processes and threads that read runs: in parallel, and ahead of the parser."""
