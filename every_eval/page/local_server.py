"""Serve a folder Hub to the browser on the same machine: whole files and ranges, on the loopback interface alone."""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from every_eval.hub.paths import is_ours

HOST: Final = "127.0.0.1"
HOST_NAMES: Final = [HOST, "localhost"]
"""Names by which the server answers, so that no other site can reach it by a name that leads here."""


class HubFiles(StaticFiles):
    """The visible files of a folder Hub. A browser asks again before it uses a copy: a job may replace files."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer a request for a file.

        Raises:
            HTTPException: there is no such file, or its name begins with a dot.
        """
        if not is_ours(path):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def page_app(hub: Path, page: str) -> Starlette:
    """Return the server of a folder Hub.

    Args:
        hub: Folder of the Hub.
        page: Path of the page's folder, relative to the Hub, with forward slashes.
    """

    def start(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/{page}/index.html{query}")

    routes = [Route("/", start), Mount("/", HubFiles(directory=hub, html=True))]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOST_NAMES)])
