"""Recomputing a HELM run's statistics from the metrics of its single outputs."""
