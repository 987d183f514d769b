"""Runs a review from its start to its end."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from waitress.server import create_server

from serialscan.errors import OutputError
from serialscan.review.desk import Desk
from serialscan.review.server import HOST, Access, make_app

_THREADS = 8  # a browser opens six connections to one host
_SECOND = 1.0
_LAST_ANSWER_S = 0.3  # for the answer that the review is finished to reach the browser
_CLOSE_S = 5.0  # at most, for the port to be free
_PORTS = range(61_000, 65_500)
"""Of the dynamic ports (RFC 6335) those that Linux gives to nobody who did not ask for them."""


@dataclass(frozen=True)
class Running:
    """A page that is being served.

    Attributes:
        origin: scheme, host and port.
        address: what a browser opens; good for one of them.
        finished: set when somebody has finished the review on the page.
    """

    origin: str
    address: str
    finished: threading.Event


@contextlib.contextmanager
def running(desk: Desk, words: Mapping[str, str], port: int = 0) -> Iterator[Running]:
    """Serve the page in the block; afterwards the desk is closed, and the case has its new head.

    Args:
        desk: the review.
        words: the words of the page.
        port: 0 takes the one that belongs to the case, so that a page that is still open after a kill, with
            what was typed into it, goes on with the new server; a free one if that is taken.

    Raises:
        OutputError: the port is taken, or the head cannot be written.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that pictures wait for a thread is no news
    access, finished, closed = Access(), threading.Event(), threading.Event()
    server: Any = None
    app = make_app(desk, access, lambda: server.effective_port, words, finished.set)
    try:
        try:
            server = create_server(app, sockets=[_socket(desk, port)], threads=_THREADS, ident=None)
        except OSError as error:
            raise OutputError(
                f"The page cannot be served on port {port} ({error.strerror}): give another --port."
            ) from error
        origin = f"http://{HOST}:{server.effective_port}"
        threading.Thread(target=server.run, daemon=True).start()
        threading.Thread(target=desk.prepare, daemon=True).start()
        yield Running(origin, f"{origin}/enter/{access.token}", finished)
    finally:
        if server is not None:
            server.task_dispatcher.shutdown()
            with server.trigger.lock:  # or it may close, and its trigger with it, before that is pulled
                server.trigger.thunks += server.close, closed.set  # in the thread that waits for its sockets
                server.trigger.pull_trigger()
            closed.wait(_CLOSE_S)  # then the port is free
        desk.close()


def _socket(desk: Desk, port: int) -> socket.socket:
    """A socket that listens on this computer only, and on a port that nobody else has."""
    own = _PORTS[int(desk.case_id[:8], 16) % len(_PORTS)]
    for one in (port,) if port else (own, 0):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((HOST, one))
        except OSError:
            made.close()
            if one in (port, 0):
                raise
        else:
            return made
    raise AssertionError("the last port raises or is taken")


def serve(
    desk: Desk, words: Mapping[str, str], port: int, open_browser: bool, tell: Callable[[str], None]
) -> None:
    """Serve the page until it is finished on the page, or by Ctrl-C.

    Args:
        desk: the review; it is closed at the end.
        words: the words of the page.
        port: 0 takes a free one.
        open_browser: whether to open the page in the browser.
        tell: takes a sentence for a person.

    Raises:
        OutputError: the port is taken, or the head cannot be written.
    """
    with running(desk, words, port) as page, contextlib.suppress(KeyboardInterrupt):
        if not open_browser or not webbrowser.open(page.address):
            tell(f"Open this address in a browser on this computer: {page.address}")
        tell("The address is good for one browser. Ctrl-C, or Finish on the page, ends the review.")
        while not page.finished.wait(_SECOND):
            pass  # Windows notices Ctrl-C between two waits only
        page.finished.clear()
        page.finished.wait(_LAST_ANSWER_S)
