"""Show the page on this machine, with the results that the folder Hub holds.

    python -m every_eval.page [--port 8000]

The program prints the page's address and serves it on the loopback interface until it is stopped with Ctrl+C. Run a job
first: the daily job writes the page.
"""

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from every_eval.errors import ConfigurationError, EveryEvalError
from every_eval.hub.paths import repo_id
from every_eval.page.local_server import HOST, page_app
from every_eval.settings import HUGGING_FACE, HubSettings, read_settings

DEFAULT_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the page until the program is stopped."""
    parser = argparse.ArgumentParser(prog="every_eval.page", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port on {HOST}; 0 takes a free one")
    port = parser.parse_args(arguments).port
    try:
        hub, page = published_page()
        listener = _listen(port)
    except EveryEvalError as error:
        sys.exit(f"{error}")
    with listener:
        sys.stdout.write(f"The page is at http://{HOST}:{listener.getsockname()[1]}/ (Ctrl+C stops the server).\n")
        sys.stdout.flush()
        config = uvicorn.Config(page_app(hub, page), log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


def published_page() -> tuple[Path, str]:
    """Return the folder Hub, and the path of the page's folder in it.

    Raises:
        ConfigurationError: no page is published in a folder.
    """
    settings = read_settings(HubSettings)
    repo = settings.page
    if repo is None:
        raise ConfigurationError("EVERY_EVAL_PAGE_REPO is none, so no page is published. Remove the setting.")
    if settings.hub == HUGGING_FACE:
        raise ConfigurationError(
            f"The page is on the Hugging Face Hub, in the Space {repo_id(repo)}. Set EVERY_EVAL_HUB to a folder to "
            "show the page of that folder."
        )
    hub = Path(settings.hub).absolute()
    if not (hub / repo / "index.html").is_file():
        raise ConfigurationError(
            f"There is no page in {hub / repo}. Run `dg launch --job refresh` first, or correct EVERY_EVAL_HUB or "
            "EVERY_EVAL_PAGE_REPO."
        )
    return hub, repo


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on port {port} of {HOST}: {error}. Choose another one: --port 0 takes a free port."
        ) from None
    return listener


if __name__ == "__main__":
    main()
