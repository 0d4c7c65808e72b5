"""Links from the documentation to files of the repository that are not pages of the documentation.

A link to a file that a page includes leads to the page. A link to another file becomes the path of the file. A link to
a file that does not exist stays, so that Sphinx reports it.
"""

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
PAGES = {
    **{
        f"every_eval/sources/{page.stem.removeprefix('source_')}/README.md": page.stem
        for page in (ROOT / "docs").glob("source_*.md")
    },
    "deploy/sizing.md": "operations",
    "README.md": "operations",
}
"""Page that includes each file."""
SECTIONS = {"when-something-is-wrong": "operations"}
"""Page that has each section to which an included file links."""


def resolve(_: Sphinx, doctree: nodes.document) -> None:
    """Replace links to files of the repository."""
    for link in list(doctree.findall(pending_xref)):
        path = _path(link)
        if link["reftarget"] in SECTIONS:
            _to_page(link, SECTIONS[link["reftarget"]], link["reftarget"])
        elif path in PAGES:
            _to_page(link, PAGES[path])
        elif path is not None and not path.startswith("docs/"):
            link.replace_self(nodes.literal(text=path))


def _to_page(link: pending_xref, page: str, anchor: str = "") -> None:
    refuri = f"{page}.html#{anchor}" if anchor else f"{page}.html"
    link.replace_self(nodes.reference("", "", *link.children, refuri=refuri, internal=True))


def _path(link: pending_xref) -> str | None:
    """Return the path of a link's target from the repository's root; null if there is no such file."""
    target = str(link["reftarget"])
    is_page = link.get("refdomain") == "doc"  # The parser has taken the path from the folder of the pages, without .md.
    path = (ROOT / "docs" / f"{target}.md" if is_page else Path(_source(link)).parent / target).resolve()
    return path.relative_to(ROOT).as_posix() if path.exists() and path.is_relative_to(ROOT) else None


def _source(node: nodes.Element) -> str:
    """Return the file that a node was read from, which may be a file that the page includes."""
    while node.source is None:
        node = node.parent
    return node.source


def setup(app: Sphinx) -> dict[str, bool]:
    """Call `resolve` for each page that is read."""
    app.connect("doctree-read", resolve)
    return {"parallel_read_safe": True}
