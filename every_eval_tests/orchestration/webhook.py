"""A webhook that keeps what is posted to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class Posts:
    """Address of the webhook, and the texts that were posted."""

    url: str
    texts: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """Return the texts since the last call."""
        texts = list(self.texts)
        self.texts.clear()
        return texts


@contextmanager
def listening() -> Iterator[Posts]:
    """Listen until the context ends."""
    posts = Posts("")

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        posts.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield posts
        server.shutdown()
