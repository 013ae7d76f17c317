"""Pages of the documentation that are run word for word."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

HERE = Path(__file__).parent.parent.parent


def run(app: Any, page: str, least: int, **given: str) -> None:
    """Run every sh block of `page` against a real server and compare the fields of its answer.

    `given` are the variables that the blocks use, SITE is the server; `least` says how many blocks
    there are at least.
    """
    text = (HERE / page).read_text()
    blocks = re.findall(r"```sh\n(.*?)```\n+(?:Answers?[^\n]*:\n+```json\n(.*?)```)?", text, re.S)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    known = os.environ | given | {"SITE": f"http://127.0.0.1:{server.server_port}"}
    try:
        for script, said in blocks:
            _compare(script, said, known)
    finally:
        server.shutdown()
        thread.join()
    assert len(blocks) >= least


def _compare(script: str, said: str, known: dict[str, str]) -> None:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=known,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.returncode == 0, ran.stderr
    for field in re.findall(r'"(\w+)":', said):
        assert f'"{field}"' in ran.stdout, (script, ran.stdout)
    for state in re.findall(r'"state": ?"(\w+)"', said):
        assert f'"state":"{state}"' in ran.stdout.replace(": ", ":"), ran.stdout
