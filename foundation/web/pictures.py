"""Pictures, as browsers ask for them: each address shows one thing for good."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from foundation import pictures

pages = Blueprint("pictures", __name__)
#: A picture opened by itself runs nothing, whatever somebody managed to put into it.
POLICY = "default-src 'none'; sandbox"


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
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request)
    return response
