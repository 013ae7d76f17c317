"""The site's typefaces: cut from the font packages that are installed, served by ourselves.

Source Serif speaks and Source Sans works; Noto CJK (Source Han) is drawn to stand beside both, so
a Chinese page keeps the same voice. The packages carry whole fonts of 220–290 kB each. What a page
needs of one is 14–22 kB: the letters of Latin scripts, without hints, as WOFF2. The cut is made
once per environment, beside the packages it comes from, and names nothing (the fonts' licence,
OFL 1.1, reserves the name "Source" for the originals).
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from flask import Blueprint, Response, abort

#: Name in the style sheet to the package and file it is cut from.
FACES = {
    "serif-600": ("font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
    "serif-400-italic": ("font_source_serif_pro", "SourceSerifPro-It.ttf"),
    "sans-400": ("font_source_sans_pro", "SourceSansPro-Regular.ttf"),
    "sans-400-italic": ("font_source_sans_pro", "SourceSansPro-It.ttf"),
    "sans-600": ("font_source_sans_pro", "SourceSansPro-Semibold.ttf"),
}
#: Latin with its accents, quotes, dashes, currency signs, arrows, a few signs of comparison.
CHARACTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *range(0x2010, 0x2016),
    *range(0x2018, 0x2023),
    *(0x2026, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x2122),
    *range(0x2190, 0x2194),
    *(0x2212, 0x2248, 0x2260, 0x2264, 0x2265),
)
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "lnum", "tnum", "pnum", "case"]
SHELF = Path(sys.prefix) / "share" / "bellmouth" / "typefaces"

pages = Blueprint("typefaces", __name__)


@pages.get("/typefaces/<name>.woff2")
def typeface(name: str) -> Response:
    """One cut face; it never changes, so a browser asks once."""
    if name not in FACES:
        abort(404)
    response = Response(face(name), mimetype="font/woff2")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def cut_all() -> None:
    """Cut every face ahead of the first reader (under two seconds, once per environment)."""
    for name in FACES:
        face(name)


def face(name: str) -> bytes:
    """The WOFF2 of a face, from the shelf when it was cut before."""
    path = SHELF / f"{name}.woff2"
    try:
        return path.read_bytes()
    except OSError:
        font = cut(name)
        _put(path, font)
        return font


def cut(name: str) -> bytes:
    """The part of a font that our pages use."""
    # fontTools takes a tenth of a second to import and is needed once per environment.
    from fontTools import subset

    package, file = FACES[name]
    options = subset.Options(
        flavor="woff2", hinting=False, name_IDs=[], layout_features=FEATURES, notdef_outline=True
    )
    with (files(package) / "files" / file).open("rb") as source:
        font = subset.load_font(source, options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=CHARACTERS)
        cutter.subset(font)
        result = BytesIO()
        subset.save_font(font, result, options)
    return result.getvalue()


def _put(path: Path, font: bytes) -> None:
    """Keep a cut face; several processes may do so at once, and the place may be read-only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(font)
        os.replace(file.name, path)
    except OSError:
        return
