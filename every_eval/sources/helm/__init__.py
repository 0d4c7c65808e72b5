"""HELM: how its releases and runs are found, read and tabulated."""
