"""Measurements that anyone can repeat: `python -m benchmarks.<name>`; they print ratios within one run."""
