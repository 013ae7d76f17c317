"""Putting a notice into words: one line, paragraphs, a button; as plain text and as a mail.

It has its own Jinja environments and knows no Flask, because the worker writes the mails. Words
are in the current language (`foundation.words.use_language`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, Template, TemplateNotFound, select_autoescape

from foundation import money, words
from foundation.words import _
from notifications.notices import template_of

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Words:
    """A notice in somebody's language."""

    subject: str
    paragraphs: tuple[str, ...]
    action: str


@dataclass(frozen=True)
class Mail:
    """A mail's three texts."""

    subject: str
    text: str
    html: str


def words_of(
    kind: str,
    params: Mapping[str, Any],
    *,
    name: str,
    site_name: str,
    told_at: datetime | None = None,
) -> Words:
    """The words of one notice for a member called `name`, in the current language.

    `told_at` is when it was told, for what was over by then (None: nothing was). A kind whose words
    are gone (an old row, a removed room) still says something.
    """
    try:
        template = _notices().get_template(template_of(kind))
    except TemplateNotFound:
        return Words(_("There is something new for you."), (), _("Look at it"))
    context = {**params, "member": {"name": name}, "site_name": site_name, "told_at": told_at}
    subject, body, action = (_block(template, n, context) for n in ("subject", "body", "action"))
    paragraphs = (_closed_up(" ".join(part.split())) for part in body.split("\n\n"))
    return Words(" ".join(subject.split()), tuple(filter(None, paragraphs)), action.strip())


def mail(
    spoken: Words,
    *,
    link: str,
    site_name: str,
    footer: tuple[str, ...] = (),
    leave_url: str | None = None,
) -> Mail:
    """A notice as a mail; links are whole addresses, styles are inlined for mail programs."""
    context = {
        "language": words.language(),
        "headline": spoken.subject,
        "paragraphs": spoken.paragraphs,
        "action_url": link if spoken.action else "",
        "action_label": spoken.action,
        "site_name": site_name,
        "footer": footer,
        "leave_url": leave_url,
        "leave_label": _("No more letters of this kind"),
    }
    html = _frames().get_template("mail/frame.html").render(context)
    text = _frames().get_template("mail/frame.txt").render(context)
    return Mail(spoken.subject, text, _inliner().inline(html))


def _closed_up(paragraph: str) -> str:
    """Sentences stand on lines of their own in a template; a Chinese full stop brings its space."""
    return re.sub(r"(?<=[。！？；]) ", "", paragraph)


def _block(template: Template, name: str, context: Mapping[str, Any]) -> str:
    if name not in template.blocks:
        return ""
    return "".join(template.blocks[name](template.new_context(dict(context))))


@lru_cache
def _notices() -> Environment:
    # Notices are plain text in every use: the frame and the page escape them.
    return _speaking(Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=False))  # noqa: S701


@lru_cache
def _frames() -> Environment:
    loader = FileSystemLoader(ROOT / "templates")
    return _speaking(Environment(loader=loader, autoescape=select_autoescape(["html"])))


@lru_cache
def _inliner() -> css_inline.CSSInliner:
    styles = (ROOT / "static" / "css" / "mail.css").read_text()
    return css_inline.CSSInliner(extra_css=styles, load_remote_stylesheets=False)


def _speaking(environment: Environment) -> Environment:
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension adds it
        lambda message: words.translations(words.language()).ugettext(message),
        lambda one, many, n: words.translations(words.language()).ungettext(one, many, n),
        newstyle=True,
    )
    environment.filters.update(
        when=_when,
        number=words.number,
        percent=words.percent,
        money=money.format_amount,
        text_in=words.text_in,
    )
    environment.tests["over_by"] = _is_over_by
    return environment


def _is_over_by(moment: str, told_at: datetime | None) -> bool:
    """Whether a moment, as its ISO text, had come when the notice was told."""
    return told_at is not None and datetime.fromisoformat(moment) <= told_at


def _when(moment: Any, style: str = "date") -> str:
    """Params are JSON, so a moment or a calendar day arrives as its ISO text."""
    if isinstance(moment, str):
        is_day = len(moment) == len("2026-03-03")
        moment = date.fromisoformat(moment) if is_day else datetime.fromisoformat(moment)
    return words.when(moment, style)
