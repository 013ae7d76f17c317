"""The store of pictures: what comes in is drawn anew, what nothing names goes after a week."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from foundation import pictures
from foundation.doors import reading, writing
from foundation.refusal import Refused

SECRET = b"taken at home, 31.2304 N"


def drawing(width: int = 800, height: int = 400, kind: str = "PNG", **more: Any) -> bytes:
    """A file with a picture in it."""
    written = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(written, kind, **more)
    return written.getvalue()


def telling() -> bytes:
    """A photograph that lies on its side and says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = SECRET.decode()
    return drawing(kind="JPEG", exif=exif)


def bomb(width: int, height: int) -> bytes:
    """A few bytes that say they are so many pixels wide and high."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_it_works() -> None:
    drawn = pictures.look_at(drawing(3_000, 1_500))
    assert (drawn.width, drawn.height) == (1_280, 640)
    for size, data in drawn.files.items():
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "WEBP"
            assert image.size == pictures.scaled(drawn.width, drawn.height, size)


def test_few_colours_are_mixed_when_a_picture_gets_smaller() -> None:
    chequered = Image.effect_noise((2_000, 2_000), 90).convert("1")
    written = io.BytesIO()
    chequered.save(written, "PNG")
    with Image.open(io.BytesIO(pictures.look_at(written.getvalue()).files["small"])) as image:
        assert len(image.convert("L").getcolors() or ()) > 20


def test_sixteen_bits_of_grey_stay_the_grey_they_are() -> None:
    """What scanners and medical cameras write; it came out white."""
    written = io.BytesIO()
    Image.new("I;16", (200, 200), 30_000).save(written, "PNG")
    with Image.open(io.BytesIO(pictures.look_at(written.getvalue()).files["large"])) as image:
        assert image.convert("L").getextrema() == pytest.approx((117, 117), abs=2)


def test_nothing_of_the_file_stays_but_what_is_to_be_seen() -> None:
    sent = telling()
    assert SECRET in sent
    drawn = pictures.look_at(sent)
    assert (drawn.width, drawn.height) == (400, 800)  # upright
    for data in drawn.files.values():
        assert SECRET not in data
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif()
            assert "icc_profile" not in image.info


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that can be read"),
        (drawing()[:200], "no picture that can be read"),
        (drawing(kind="GIF"), "no picture that can be read"),
        (b"\x89PNG" + b"\0" * pictures.LARGEST, "too large"),
        (bomb(60_000, 60_000), "no picture that can be read"),
        (bomb(8_000, 5_001), "too many pixels"),
        (drawing(63, 400), "too small"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says):
        pictures.look_at(data)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_no_path_is_made_of_what_somebody_typed(name: str, tmp_path: Any) -> None:
    pictures.keep_in(tmp_path)
    with pytest.raises(ValueError):
        pictures.file_of(name, "small")
    with pytest.raises(ValueError):
        pictures.file_of("a" * 64, "../secret")


def test_what_nothing_names_is_forgotten_after_a_week(
    database: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, alone = pictures.look_at(drawing()), pictures.look_at(drawing(300, 300))
    monkeypatch.setattr(pictures, "NAMED", [lambda session: {named.sha256}])
    with writing() as session:
        for each in (named, alone):
            pictures.keep(session, each, now)
    almost = now + pictures.KEPT - timedelta(seconds=1)
    assert pictures.forget(almost).endswith(": 0 thrown away")
    with writing() as session:
        pictures.ask_for(session, {alone.sha256}, almost)  # a draft took it once more
    assert pictures.forget(now + pictures.KEPT).endswith(": 0 thrown away")
    assert pictures.forget(almost + pictures.KEPT).endswith(": 1 thrown away")
    assert pictures.file_of(named.sha256, "small").exists()
    assert not pictures.file_of(alone.sha256, "small").exists()
    with reading() as session:
        assert set(pictures.shapes(session, {named.sha256, alone.sha256})) == {named.sha256}
    with writing() as session, pytest.raises(Refused, match="Send it up again"):
        pictures.ask_for(session, {alone.sha256}, almost)
    with writing() as session:
        pictures.keep(session, alone, almost)
    assert pictures.file_of(alone.sha256, "large").exists()


def test_browsers_keep_a_picture_for_good(client: Any, now: datetime) -> None:
    drawn = pictures.look_at(drawing())
    with writing() as session:
        pictures.keep(session, drawn, now)
    answer = client.get(pictures.address(drawn.sha256, "small"))
    assert answer.data == drawn.files["small"]
    assert answer.mimetype == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer.headers
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(answer.request.path, headers=known).status_code == 304
    for path in ("0" * 64 + "-small", drawn.sha256 + "-huge", "..%2f..%2fsecret.key-small", "x"):
        assert client.get(f"/pictures/{path}.webp").status_code == 404
