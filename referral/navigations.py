"""Which requests are a person opening a page. Pure.

Only those are counted and remembered. Without this rule, a link hidden as a picture, a frame or a
script of somebody's page would make all its readers "brought by" whoever hid it (cookie stuffing),
and every chat program that draws a preview would be a click.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

AHEAD_OF_TIME = ("prefetch", "prerender", "preview")


class Headers(Protocol):
    """A request's headers, asked by name in any case."""

    def get(self, key: str, /) -> str | None: ...


#: Channels a link can name; anything else in its place is counted as `other`.
CHANNELS = frozenset(
    ("link", "qr", "mail", "whatsapp", "x", "line", "weibo", "wechat", "facebook", "other")
)

# Programs that say who they are. Those that do not are not caught by any list.
PROGRAM = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|whatsapp/|telegram|embedly"
    r"|curl/|wget/|python-|headlesschecker|monitor|pingdom|lighthouse",
    re.IGNORECASE,
)


def channel_of(word: str) -> str:
    """The channel that the last part of a link names."""
    return word if word in CHANNELS else "other" if word else "link"


def is_person_opening_a_page(method: str, headers: Headers) -> bool:
    """Whether a request is a top-level navigation by a person, as far as its headers tell.

    `Sec-Fetch-*` (Fetch Metadata) decide where the browser sends them; pages cannot forge them.
    Browsers without them still say in `Accept` what they hope for: a picture, or a page.
    """
    if method != "GET" or _is_ahead_of_time(headers):
        return False
    if _is_program(headers.get("User-Agent") or ""):
        return False
    mode = headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate" and headers.get("Sec-Fetch-Dest") in ("document", None)
    accept = headers.get("Accept")
    return accept is None or "text/html" in accept


@lru_cache(maxsize=4_096)
def _is_program(browser: str) -> bool:
    return PROGRAM.search(browser) is not None


def _is_ahead_of_time(headers: Headers) -> bool:
    """Fetched before anybody asked for it."""
    for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"):
        if (word := headers.get(name)) and any(each in word for each in AHEAD_OF_TIME):
            return True
    return False
