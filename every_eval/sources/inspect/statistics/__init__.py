"""Statistics of a log: the metrics that Inspect reports, recomputed from the scores of samples."""
