"""Benchmarks that anyone can repeat: `python -m benchmarks.NAME`. They print ratios measured within one run."""
