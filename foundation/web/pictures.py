"""Pictures, as browsers ask for them: each address shows one thing for good.

What a browser may make of an answer (nothing but what its type says) stands in `security`.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from foundation import pictures

pages = Blueprint("pictures", __name__)


@pages.get("/pictures/<name>.webp")
def picture(name: str) -> Response:
    """One size of a picture; 404 for what is not kept."""
    sha256, _dash, size = name.partition("-")
    try:
        data = pictures.file_of(sha256, size).read_bytes()
    except (ValueError, OSError):
        abort(404)
    response = Response(data, mimetype="image/webp")
    response.set_etag(name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.make_conditional(request)
    return response
