"""Files of papers: what may be sent up, what it really is, and where it is kept.

What a file is called or said to be proves nothing: its first bytes and a reader that opens it
decide. With several machines the data folder must be one they share.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from foundation.refusal import Refused

#: Bytes of one file; each download of a PDF or picture makes a marked copy in memory.
LARGEST = 20 * 1024 * 1024
MOST_PAGES = 300
#: More would take gigabytes once it is unpacked.
MOST_PIXELS = 40_000_000
NAME_LENGTH = 120

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
#: Media type to the ending of its name.
ENDINGS: Mapping[str, str] = {
    PDF: "pdf",
    PNG: "png",
    JPEG: "jpg",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
}
#: How files begin (and where), by what they are.
BEGINNINGS = (
    (0, b"%PDF-", PDF),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftypM4A", "audio/mp4"),
)


@dataclass(frozen=True)
class File:
    """A file that may become a paper."""

    name: str
    media_type: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def look_at(name: str, data: bytes) -> File:
    """What was sent up, understood; Refused (field `file`) when it cannot be a paper."""
    if not data:
        raise _refused("The file is empty. Choose another one.")
    if len(data) > LARGEST:
        raise _refused(
            "The file is too large: %(limit)s megabytes fit.", limit=LARGEST // 1024 // 1024
        )
    media_type = _sniffed(data)
    if media_type == PDF:
        _check_pdf(data)
    elif media_type in (PNG, JPEG):
        _check_image(data)
    plain = "".join(
        letter for letter in name.replace("\\", "/").rpartition("/")[2] if ord(letter) > 31
    )
    return File(plain[-NAME_LENGTH:] or f"paper.{ENDINGS[media_type]}", media_type, data)


def keep(data_folder: Path, file: File) -> None:
    """Put the file where `fetch` finds it; whole or not at all. The same bytes are kept once, so
    that a change that is refused afterwards harms nothing."""
    path = _path(data_folder, file.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(file.data)
    unfinished.replace(path)


def fetch(data_folder: Path, sha256: str) -> bytes:
    """The file with this hash; Refused (404) when the folder does not hold what was sent up."""
    path = _path(data_folder, sha256)
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refused(
            "The file of this paper is missing. Tell the owner, who can send it up again.",
            code="no_file",
            status=404,
        )
    return data


def _path(data_folder: Path, sha256: str) -> Path:
    """Named by its bytes: nothing of what somebody typed is part of a path."""
    return data_folder / "papers" / f"{sha256}.file"


def _sniffed(data: bytes) -> str:
    for place, beginning, media_type in BEGINNINGS:
        if data.startswith(beginning, place):
            return media_type
    raise _refused("Only PDF, PNG, JPEG, MP3, OGG and M4A can be papers. Choose another file.")


def _check_pdf(data: bytes) -> None:
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise _refused("This PDF asks for a password. Save it without one and send it again.")
        pages = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as problem:
        raise _refused("This PDF cannot be read. Save it anew and send it again.") from problem
    if not 1 <= pages <= MOST_PAGES:
        raise _refused("A PDF may have 1 to %(most)s pages.", most=MOST_PAGES)


def _check_image(data: bytes) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            pixels = image.width * image.height
            if pixels <= MOST_PIXELS:
                image.load()  # to its last line: each reader's copy is drawn from it
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise _refused("This picture cannot be read. Save it anew and send it again.") from problem
    if pixels > MOST_PIXELS:
        raise _refused("The picture has too many pixels: %(most)s million fit.", most=40)


def _refused(sentence: str, **params: Any) -> Refused:
    return Refused(sentence, code="file", field="file", **params)
