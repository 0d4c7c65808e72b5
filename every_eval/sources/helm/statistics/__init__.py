"""Statistics of a HELM run, recomputed from its single outputs by HELM's rules."""
