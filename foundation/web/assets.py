"""Our own stylesheets, script and drawings: served once per version, then from the browser."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request


@lru_cache
def version(folder: str) -> str:
    """A fingerprint of everything in the static folder, for addresses that never go stale."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def set_up(app: Flask) -> None:
    """Let browsers keep what they asked for with its fingerprint."""
    assert app.static_folder is not None
    mark = version(app.static_folder)
    app.jinja_env.globals["asset_version"] = mark

    @app.after_request
    def keep(response: Response) -> Response:
        if request.path.startswith("/static/") and response.status_code in (200, 304):
            is_marked = request.query_string.decode() == mark
            age = "public, max-age=31536000, immutable" if is_marked else "public, max-age=300"
            response.headers["Cache-Control"] = age
        return response
