"""lm-evaluation-harness as a source: from its results and samples files to rows; see README.md."""
