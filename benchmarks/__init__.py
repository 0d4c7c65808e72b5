"""Benchmarks. `python -m benchmarks.NAME` runs one, and prints ratios that it measured in that run."""
