"""HELM's group tables, recomputed from reported statistics and compared with the published tables."""
