"""Markdown to safe HTML, once, when a text is written; pages only copy what is stored."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

#: Stored beside the HTML, so that texts can be rendered anew when the dialect changes.
VERSION = 1

_parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True}).enable(
    ["table", "strikethrough", "linkify"]
)

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

# A class both in `attributes` and in `allowed_classes` panics in nh3 with a BaseException;
# the cleaner is built once and tried at import, so a bad table stops the start, not a post.
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow ugc noopener",
)
_cleaner.clean("<p>ready</p>")


def to_html(text: str) -> str:
    """Sanitised HTML of a Markdown text (CommonMark with tables, strikethrough and bare links)."""
    return _cleaner.clean(_parser.render(text))


def to_text(html: str) -> str:
    """The words of sanitised HTML, for search and previews."""
    return nh3.clean(html, tags=set()).strip()
