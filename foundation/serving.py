"""Serving: migrate, greet, start the worker beside the web processes, stop both together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from foundation import doors, schema
from foundation.settings import Settings, Unusable

#: Seconds a worker gets to finish the message in hand.
GRACE = 10

#: Tells the processes that `serve` starts which process it is.
SERVER = "BELLMOUTH_SERVER_PROCESS"


def serve(settings: Settings, first_start: Callable[[Settings], str]) -> None:
    """Serve the site with its worker until interrupted.

    `first_start` fills an empty database when the settings want a demo and says what to tell
    whoever started us. One blocking thread per process: more threads only lengthen the tail.
    """
    settings.make_folder()
    settings.key(), settings.shop_secret()  # made once, before several processes want them
    _check_port(settings.host, settings.port)
    if not schema.is_current(settings.url):
        schema.upgrade(settings.url)
    print(first_start(settings), flush=True)
    doors.database().close()  # the web processes are forked, and must not share connections
    os.environ[SERVER] = str(os.getpid())
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(stopping,), daemon=True)
    keeper.start()
    try:
        Granian(
            "app:served",
            factory=True,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            workers=settings.workers,
            blocking_threads=1,
            backpressure=256,
            respawn_failed_workers=True,
            log_level=LogLevels(settings.log_level.lower()),
        ).serve()
    finally:
        stopping.set()
        keeper.join(GRACE + 2)


def end_with_server() -> None:
    """In a process that `serve` started: end when it is gone, however it went.

    Otherwise a server killed the hard way would leave processes that hold the port.
    """
    server = os.environ.get(SERVER)
    if server:
        threading.Thread(target=_watch, args=(int(server),), daemon=True).start()


def _watch(server: int) -> None:
    while os.getppid() == server:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


def _check_port(host: str, port: int) -> None:
    """Unusable when nobody can listen there; said before the first start takes its minute."""
    try:
        kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, OverflowError) as problem:
        raise Unusable(
            f"Cannot listen on {host}:{port} ({problem}). Is something else running there?"
            " Set BELLMOUTH_PORT to another port."
        ) from problem


def _keep_worker(stopping: threading.Event) -> None:
    """Keep one worker process alive; a worker that dies is started again."""
    while not stopping.is_set():
        process = subprocess.Popen([sys.executable, "app.py", "worker"])
        while process.poll() is None and not stopping.wait(0.5):
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
        stopping.wait(1)
