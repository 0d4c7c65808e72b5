"""Settings of Sphinx for the documentation. Build it with `sphinx-build -W docs build/docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Every Eval"
extensions = ["myst_parser", "sphinxcontrib.mermaid", "contract_tables", "repository_links"]
html_theme = "furo"
html_title = project
exclude_patterns = ["README.md"]
# Headings get addresses, so that pages can link to a section.
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
