"""Pictures of the merchant's shelves, drawn in a few strokes: a caddy, three bowls, two leaves."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy.orm import Session

from foundation import pictures
from rewards.catalogue.items import Picture

WIDTH, HEIGHT = 960, 640
#: Drawn so many times as large, so that edges come out smooth.
FINE = 3

WALL, TABLE, SHADOW = "#e9e1d2", "#cdb897", "#b39c78"
BRASS, SHINE, EDGE = "#b98b3a", "#e2bf72", "#86632c"
PORCELAIN, SHADE, TEA, LIGHT = "#faf7f0", "#dcd3c3", "#a3541d", "#c67a38"
LEAF, YOUNG, VEIN = "#55783a", "#86a556", "#3c5628"

WORDS: Mapping[str, dict[str, str]] = {
    "caddy": {
        "en": "A round brass caddy with a domed lid",
        "zh_Hans": "圆形黄铜茶叶罐，拱形盖",
        "zh_Hant": "圓形黃銅茶葉罐，拱形蓋",
    },
    "visit": {
        "en": "Three white bowls of tea on a wooden table",
        "zh_Hans": "木桌上的三只白瓷茶碗",
        "zh_Hant": "木桌上的三只白瓷茶碗",
    },
    "first-flush": {
        "en": "Two young tea leaves and a bud",
        "zh_Hans": "两片嫩茶叶和一个芽头",
        "zh_Hant": "兩片嫩茶葉和一個芽頭",
    },
}


class Pen:
    """Draws on a canvas, in pixels of the finished picture."""

    def __init__(self, canvas: Image.Image) -> None:
        self._draw = ImageDraw.Draw(canvas)

    def oval(self, x: float, y: float, wide: float, high: float, colour: str) -> None:
        """Around its middle."""
        box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        self._draw.ellipse([FINE * each for each in box], fill=colour)

    def bowl(self, x: float, y: float, wide: float, deep: float, colour: str) -> None:
        """The lower half of an oval."""
        box = (x - wide / 2, y - deep, x + wide / 2, y + deep)
        self._draw.pieslice([FINE * each for each in box], 0, 180, fill=colour)

    def block(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self._draw.rectangle([FINE * each for each in (left, top, right, bottom)], fill=colour)

    def shape(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        self._draw.polygon([(FINE * x, FINE * y) for x, y in points], fill=colour)

    def line(self, points: Sequence[tuple[float, float]], wide: int, colour: str) -> None:
        self._draw.line([(FINE * x, FINE * y) for x, y in points], colour, FINE * wide, "curve")


def hang_up(session: Session, now: datetime) -> dict[str, Picture]:
    """Draw and keep all of them; by item."""
    hung = {}
    for key, draw in {"caddy": _caddy, "visit": _bowls, "first-flush": _leaves}.items():
        drawn = pictures.look_at(_as_png(draw))
        pictures.keep(session, drawn, now)
        hung[key] = Picture(
            sha256=drawn.sha256, width=drawn.width, height=drawn.height, alt=WORDS[key]
        )
    return hung


def _as_png(draw: Callable[[Pen], None]) -> bytes:
    room = Image.new("RGB", (WIDTH // 2, HEIGHT // 2), WALL)
    ImageDraw.Draw(room).rectangle((0, 205, WIDTH, HEIGHT), fill=TABLE)
    soft = room.filter(ImageFilter.GaussianBlur(9))
    canvas = soft.resize((WIDTH * FINE, HEIGHT * FINE))
    draw(Pen(canvas))
    written = io.BytesIO()
    canvas.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(written, "PNG", compress_level=1)
    return written.getvalue()


def _caddy(pen: Pen) -> None:
    pen.oval(530, 540, 400, 80, SHADOW)
    for x, wide, colour in ((480, 280, BRASS), (355, 30, EDGE), (430, 44, SHINE), (606, 28, EDGE)):
        pen.block(x - wide / 2, 280, x + wide / 2, 530, colour)
    pen.oval(480, 530, 280, 44, EDGE)
    pen.block(340, 500, 620, 530, EDGE)
    pen.oval(480, 280, 300, 210, BRASS)
    pen.oval(440, 230, 130, 60, SHINE)
    pen.block(330, 280, 630, 330, BRASS)
    pen.block(400, 280, 446, 330, SHINE)
    pen.block(330, 326, 630, 334, EDGE)
    pen.oval(480, 165, 54, 54, EDGE)
    pen.oval(474, 159, 34, 32, SHINE)


def _bowls(pen: Pen) -> None:
    for x, y in ((270, 300), (690, 290), (480, 420)):
        pen.oval(x + 30, y + 118, 300, 60, SHADOW)
        pen.block(x - 55, y + 90, x + 55, y + 124, SHADE)
        pen.bowl(x, y, 290, 112, PORCELAIN)
        pen.oval(x, y, 290, 84, SHADE)
        pen.oval(x, y + 5, 262, 66, TEA)
        pen.oval(x - 36, y - 4, 110, 22, LIGHT)


def _leaves(pen: Pen) -> None:
    pen.line([(500, 640), (490, 520), (478, 420)], 12, VEIN)
    _leaf(pen, 482, 470, -150, 330, 62, LEAF)
    _leaf(pen, 484, 450, -28, 350, 66, LEAF)
    _leaf(pen, 478, 430, -92, 300, 34, YOUNG)
    _leaf(pen, 480, 435, -74, 240, 20, YOUNG)


def _leaf(
    pen: Pen, x: float, y: float, angle: float, length: float, half: float, colour: str
) -> None:
    """From its stalk at (x, y) towards `angle`, in degrees as clocks go, 0 to the right."""
    along = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    across = -along[1], along[0]

    def at(share: float, side: float) -> tuple[float, float]:
        far, off = length * share, half * side * math.sin(math.pi * share**0.8)
        return x + along[0] * far + across[0] * off, y + along[1] * far + across[1] * off

    steps = [step / 24 for step in range(25)]
    pen.shape([at(s, 1) for s in steps] + [at(s, -1) for s in reversed(steps)], colour)
    pen.line([at(s, 0) for s in steps[:23]], 4, VEIN)
