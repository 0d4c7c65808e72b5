"""HELM as a source: how its runs and releases are found, read and tabulated."""
