"""A reader's own copy of a file: her name, its mark and the day on every page.

PDFs get a line at the foot of each page, a pale one across it, and the mark among their
properties; pictures a band below. Sound cannot be stamped without harm: its name carries the
mark, and the download is on record. A stamp can be cut away by somebody who wants to; it is there
so that nobody passes a copy on without thinking.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo
from pypdf import PageObject, PdfReader, PdfWriter
from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from foundation import pictures
from rewards.papers.files import JPEG, PDF, PNG

#: The property of a stamped PDF, and the text chunk of a PNG, that hold the mark.
PROPERTY = "BellmouthMark"
LATIN = "Helvetica"
#: A face that every reader of PDFs has for Chinese; nothing is embedded.
CHINESE = "STSong-Light"


@dataclass(frozen=True)
class Stamp:
    """Whose copy it is. `line` is in the reader's language, `plain` in letters any face has."""

    mark: str
    name: str
    handle: str
    at: datetime

    @property
    def line(self) -> str:
        return f"{self.name}  @{self.handle}  ·  {self.mark}  ·  {self.at:%Y-%m-%d}"

    @property
    def plain(self) -> str:
        return f"@{self.handle}   {self.mark}   {self.at:%Y-%m-%d}"


def stamped(media_type: str, data: bytes, stamp: Stamp) -> bytes:
    """The file with the stamp on it; sound comes back as it is."""
    if media_type == PDF:
        return _pdf(data, stamp)
    if media_type in (PNG, JPEG):
        return _picture(media_type, data, stamp)
    return data


def _pdf(data: bytes, stamp: Stamp) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    overlays: dict[tuple[float, float], PageObject] = {}
    for page in writer.pages:
        if page.rotation:
            page.transfer_rotation_to_content()
        seen = page.cropbox  # what a reader shows; the printer's margins around it are cut off
        size = (float(seen.width), float(seen.height))
        if size not in overlays:
            overlays[size] = _overlay(size, stamp)
        page.merge_translated_page(overlays[size], float(seen.left), float(seen.bottom))
    writer.add_metadata({f"/{PROPERTY}": stamp.mark})
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _overlay(size: tuple[float, float], stamp: Stamp) -> PageObject:
    """One page with nothing but the stamp."""
    width, height = size
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=size)
    face = _face(stamp.line)
    canvas.setFont(face, 8)
    canvas.setFillColor(Color(0.25, 0.25, 0.25))
    canvas.drawCentredString(width / 2, 14, stamp.line)
    canvas.setFillColor(Color(0, 0, 0, alpha=0.07))
    canvas.setFont(LATIN, max(14, width / 18))
    canvas.translate(width / 2, height / 2)
    canvas.rotate(35)
    canvas.drawCentredString(0, 0, stamp.plain)
    canvas.showPage()
    canvas.save()
    return PdfReader(io.BytesIO(drawn.getvalue())).pages[0]


def _face(line: str) -> str:
    """A face that has the letters of `line`."""
    try:
        line.encode("cp1252")
    except UnicodeEncodeError:
        _register()
        return CHINESE
    return LATIN


@lru_cache
def _register() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def _picture(media_type: str, data: bytes, stamp: Stamp) -> bytes:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
        band = _with_band(pictures.as_shown(opened), stamp)
    written = io.BytesIO()
    if media_type == PNG:
        chunk = PngInfo()
        chunk.add_text(PROPERTY, stamp.mark)
        band.save(written, "PNG", pnginfo=chunk)
    else:
        band.save(written, "JPEG", quality=92, comment=f"{PROPERTY} {stamp.mark}".encode())
    return written.getvalue()


def _with_band(picture: Image.Image, stamp: Stamp) -> Image.Image:
    """The picture above a line of whose it is; the line is whole below a narrow one too."""
    size = max(12, min(36, picture.width // 40))
    face = ImageFont.load_default(size)
    line = math.ceil(ImageDraw.Draw(picture).textlength(stamp.plain, font=face))
    width = max(picture.width, line + size)
    band = Image.new(picture.mode, (width, picture.height + size * 2), "white")
    band.paste(picture, ((width - picture.width) // 2, 0))
    middle = (width / 2, picture.height + size)
    ImageDraw.Draw(band).text(middle, stamp.plain, fill="black", font=face, anchor="mm")
    return band
