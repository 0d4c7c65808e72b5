"""lm-evaluation-harness output: how its runs are found and how they are read. README.md tells its quirks."""
