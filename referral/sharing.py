"""Sharing from the member's own device: links that open her programs with the text filled in.

We send nothing to friends' addresses. Each link names its channel, to tell the clicks apart.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import segno

from foundation.words import lazy


@dataclass(frozen=True)
class Channel:
    """A way to share: `pattern` holds {link}, {text} and {subject}, all quoted for an address."""

    key: str
    label: Any
    pattern: str


#: Both halves of the audience: the chat programs of the West and of the Chinese-speaking world.
CHANNELS = (
    Channel("mail", lazy("E-mail"), "mailto:?subject={subject}&body={text}%0A%0A{link}"),
    Channel("whatsapp", "WhatsApp", "https://wa.me/?text={text}%20{link}"),
    Channel("x", "X", "https://x.com/intent/post?text={text}&url={link}"),
    Channel("facebook", "Facebook", "https://www.facebook.com/sharer/sharer.php?u={link}"),
    Channel("line", "LINE", "https://social-plugins.line.me/lineit/share?url={link}&text={text}"),
    Channel(
        "weibo", lazy("Weibo"), "https://service.weibo.com/share/share.php?url={link}&title={text}"
    ),
)


@dataclass(frozen=True)
class Share:
    """One button: where it leads."""

    key: str
    label: Any
    href: str


def link(public_url: str, code: str, channel: str = "") -> str:
    """The address to share."""
    return f"{public_url}/r/{code}" + (f"/{channel}" if channel else "")


def shares(public_url: str, code: str, text_for: Callable[[str], str], subject: str) -> list[Share]:
    """A button for each channel, with what is promised to whom comes by it. What Facebook shows
    beside the link it does not let us write."""
    return [
        Share(
            channel.key,
            channel.label,
            channel.pattern.format(
                link=quote(link(public_url, code, channel.key), safe=""),
                text=quote(text_for(channel.key), safe=""),
                subject=quote(subject, safe=""),
            ),
        )
        for channel in CHANNELS
    ]


def picture(address: str, kind: str) -> bytes:
    """A QR code of `address` as `svg` or `png`; it reads with a quarter of it torn off."""
    written = io.BytesIO()
    code = segno.make(address, error="q")
    if kind == "png":
        code.save(written, kind="png", scale=12, border=3)
    else:
        code.save(written, kind="svg", scale=8, border=3, xmldecl=False, light="#fff")
    return written.getvalue()
