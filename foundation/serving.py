"""Serving: migrate, greet, start the worker beside the web processes, stop both together."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from foundation import schema
from foundation.settings import Settings

#: Seconds a worker gets to finish the message in hand.
GRACE = 10


def serve(settings: Settings, first_start: Callable[[Settings], str]) -> None:
    """Serve the site with its worker until interrupted.

    `first_start` fills an empty database when the settings want a demo and says what to tell
    whoever started us. One blocking thread per process: more threads only lengthen the tail.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    if not schema.is_current(settings.url):
        schema.upgrade(settings.url)
    settings.key(), settings.shop_secret()  # made once, before several processes want them
    print(first_start(settings), flush=True)
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(stopping,), daemon=True)
    keeper.start()
    try:
        Granian(
            "app:create_app",
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
