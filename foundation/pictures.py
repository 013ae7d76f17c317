"""Pictures that people send up: one store for every room.

What comes in is opened, drawn anew in two sizes and written as WebP, so nothing of the original
file stays: no place where it was taken, no camera, no hidden text. Each size is a file in the
data folder, named by the hash of the larger one; what somebody typed is never part of a path. Such
an address never shows anything else, so browsers keep it for good.

A row remembers when a picture was last asked for. What no room names (NAMED) is forgotten a week
after that. With several machines the data folder must be one they share.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.once import put
from foundation.refusal import Refused
from foundation.tables import Base, Moment
from foundation.words import lazy

#: Bytes of one file as it is sent up; a photograph of a good telephone has five million.
LARGEST = 8 * 1024 * 1024
#: More would take half a gigabyte once it is unpacked.
MOST_PIXELS = 40_000_000
#: A side shorter than this is an icon, and would be blurred on a page.
LEAST = 64
#: Name of a size to its longest side.
SIZES: Mapping[str, int] = {"large": 1280, "small": 480}
FORMATS = ("PNG", "JPEG", "WEBP")
#: What a file field lets a person choose.
ACCEPTED = "image/png,image/jpeg,image/webp"
HASH = re.compile(r"[0-9a-f]{64}")
#: How long a picture that nothing names waits to be named.
KEPT = timedelta(days=7)

#: Asked which pictures a room's documents name. It looks first where names can leave for another
#: place, then in that place, so that what moves meanwhile is seen in one of them.
Names = Callable[[Session], Collection[str]]
NAMED: list[Names] = []

_folder: Path | None = None


class Picture(Base):
    """A picture that is kept, with the shape of its large size in pixels."""

    __tablename__ = "picture"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    asked_at: Mapped[Moment] = mapped_column(index=True)  # sent up, or named by a draft, last


@dataclass(frozen=True)
class Drawn:
    """A picture as it will be kept: its files by size."""

    sha256: str
    width: int
    height: int
    files: Mapping[str, bytes]


def keep_in(data_folder: Path) -> None:
    """Say where the files are; app.py does."""
    global _folder
    _folder = data_folder / "pictures"


def look_at(data: bytes, field: str = "file") -> Drawn:
    """What was sent up, drawn anew; Refused (at `field`) when it is no picture that we take."""
    if not data:
        raise _refused("The file is empty. Choose another one.", field)
    if len(data) > LARGEST:
        raise _refused(
            "The file is too large: %(limit)s megabytes fit.", field, limit=LARGEST // 1024 // 1024
        )
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check(image.width, image.height, field)
            return _drawn(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise _refused(
            "This is no picture that can be read. Choose a PNG, JPEG or WebP file.", field
        ) from problem


def keep(session: Session, drawn: Drawn, now: datetime) -> None:
    """Keep a picture; the same one is kept once. Row first: the job that forgets waits for it."""
    said = {"width": drawn.width, "height": drawn.height, "asked_at": now}
    put(session, Picture, "sha256", {"sha256": drawn.sha256}, said)
    for size, data in drawn.files.items():
        path = file_of(drawn.sha256, size)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(data)
        unfinished.replace(path)


def shapes(session: Session, wanted: Collection[str]) -> dict[str, tuple[int, int]]:
    """Width and height of the pictures with these hashes; what is not kept is left out."""
    if not wanted:
        return {}
    rows = session.execute(
        select(Picture.sha256, Picture.width, Picture.height).where(Picture.sha256.in_(wanted))
    )
    return {sha256: (width, height) for sha256, width, height in rows}


def ask_for(session: Session, wanted: Collection[str], now: datetime) -> None:
    """A document of this transaction names these; Refused when one was forgotten meanwhile."""
    for sha256 in sorted(wanted):  # one order for everybody
        found = session.execute(
            update(Picture)
            .where(Picture.sha256 == sha256)
            .values(asked_at=now)
            .returning(Picture.sha256)
            .execution_options(synchronize_session=False)
        ).first()
        if found is None:
            raise Refused(
                "A picture that nobody used was thrown away meanwhile. Send it up again.",
                code="no_picture",
                status=409,
            )


def file_of(sha256: str, size: str) -> Path:
    """Where a picture lies. Raises ValueError for what is no hash or no size."""
    if _folder is None:
        raise RuntimeError("pictures.keep_in has not been called")
    if not HASH.fullmatch(sha256) or size not in SIZES:
        raise ValueError("not the name of a picture")
    return _folder / f"{sha256}-{size}.webp"


def address(sha256: str, size: str) -> str:
    """Where browsers find it; what is there never changes."""
    return f"/pictures/{sha256}-{size}.webp"


def scaled(width: int, height: int, size: str) -> tuple[int, int]:
    """The shape that a picture has in another size; never larger than it is."""
    share = min(1.0, SIZES[size] / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def forget(now: datetime) -> str:
    """Throw away what nothing names and nobody asked for since KEPT."""
    with writing() as session:
        old = session.scalars(
            select(Picture.sha256)
            .where(Picture.asked_at <= now - KEPT)
            .order_by(Picture.sha256)
            .with_for_update()
        ).all()
        named = {sha256 for names in NAMED for sha256 in names(session)} if old else set()
        unnamed = [sha256 for sha256 in old if sha256 not in named]
        session.execute(delete(Picture).where(Picture.sha256.in_(unnamed)))
        for sha256 in unnamed:  # before the commit: who sends one up again waits for its row
            for size in SIZES:
                file_of(sha256, size).unlink(missing_ok=True)
    return Summary("Pictures that nothing shows: %(count)s thrown away", count=len(unnamed))


JOB = Job(
    "foundation.forget_pictures",
    timedelta(hours=6),
    forget,
    lazy("Throw away pictures that nothing shows"),
)


def _check(width: int, height: int, field: str) -> None:
    """Before anything is unpacked: a small file may say that it is huge."""
    if width * height > MOST_PIXELS:
        raise _refused(
            "The picture has too many pixels: %(most)s million fit.",
            field,
            most=MOST_PIXELS // 1_000_000,
        )
    if min(width, height) < LEAST:
        raise _refused(
            "The picture is too small: it needs at least %(least)s pixels on each side.",
            field,
            least=LEAST,
        )


def as_shown(image: Image.Image, longest: int | None = None) -> Image.Image:
    """The picture as a browser shows it: upright, eight bits a colour, in sRGB, with `longest` no
    side longer than that. Whoever writes it anew needs nothing that stood beside the pixels."""
    profile = image.info.get("icc_profile")
    if image.mode in ("1", "P"):  # of a few colours, which cannot be mixed when it gets smaller
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode.startswith("I"):  # sixteen bits of grey, which a conversion would cut off
        image = image.convert("I").point(lambda bits: bits * (1 / 257) + 0).convert("L")
    if longest is not None:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return _in_common_colours(ImageOps.exif_transpose(image), profile)


def _drawn(image: Image.Image) -> Drawn:
    large = as_shown(image, SIZES["large"])
    small = large.copy()
    small.thumbnail(scaled(large.width, large.height, "small"), Image.Resampling.LANCZOS)
    files = {"large": _webp(large), "small": _webp(small)}
    sha256 = hashlib.sha256(files["large"]).hexdigest()
    return Drawn(sha256, large.width, large.height, files)


def _in_common_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB, what browsers take a file for that says nothing about its colours."""
    has_holes = image.has_transparency_data
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            known = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            common = ImageCms.createProfile("sRGB")
            seen = ImageCms.profileToProfile(image, known, common, outputMode="RGB")
            image = seen or image
        except ImageCms.PyCMSError:
            pass  # an odd profile: then its colours as they stand
    return image.convert("RGBA" if has_holes else "RGB")


def _webp(image: Image.Image) -> bytes:
    """The pixels and nothing else."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    written = io.BytesIO()
    bare.save(written, "WEBP", quality=82, method=4)
    return written.getvalue()


def _refused(sentence: str, field: str, **params: Any) -> Refused:
    return Refused(sentence, code="picture", field=field, **params)
