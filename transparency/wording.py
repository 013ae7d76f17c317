"""The log's events and states in words."""

from __future__ import annotations

from collections.abc import Mapping

from foundation.words import _, lazy, number
from transparency.tree import Span

#: What rooms write into the log. An event that is not here is shown by its code.
EVENTS: Mapping[str, object] = {
    "review.published": lazy("Review published"),
    "review.revised": lazy("Review revised by its author"),
    "review.withdrawn": lazy("Review withdrawn by its author"),
    "review.erased": lazy("Review erased"),
    "post.folded": lazy("Post folded by a moderator"),
    "post.restored": lazy("Post unfolded"),
    "review.folded": lazy("Review folded by a moderator"),
    "review.restored": lazy("Review unfolded"),
    "topic.locked": lazy("Topic locked by a moderator"),
    "topic.unlocked": lazy("Topic unlocked"),
    "report.kept": lazy("Reported post left as it is"),
    "appeal.lodged": lazy("Appeal lodged"),
    "appeal.decided": lazy("Appeal decided"),
    "programme.published": lazy("Reward rules published"),
    "agreement.published": lazy("Advisors’ agreement published"),
    "ledger.sealed": lazy("Book of points sealed"),
}

#: How the site stands to a leaf today: tone, icon, short, sentence.
STATES: Mapping[str, tuple[str, str, object, object]] = {
    "served": (
        "good",
        "check",
        lazy("Served as logged"),
        lazy("This site shows it today, word for word as it was when it entered the log."),
    ),
    "superseded": (
        "quiet",
        "history",
        lazy("A newer leaf exists"),
        lazy("Something happened to it later. The newer leaf says what."),
    ),
    "withdrawn": (
        "quiet",
        "history",
        lazy("Withdrawn"),
        lazy("It was withdrawn, this leaf says so, and the site no longer shows it."),
    ),
    "unwitnessed": (
        "quiet",
        "info",
        lazy("On record"),
        lazy("It is on record. There is no page whose text could be compared with it."),
    ),
    "missing": (
        "bad",
        "warning",
        lazy("Missing"),
        lazy("The site does not show it, and the log does not say why. That should never happen."),
    ),
    "differs": (
        "bad",
        "warning",
        lazy("Changed"),
        lazy("The site shows another text than was logged. That should never happen."),
    ),
    "undead": (
        "bad",
        "warning",
        lazy("Still shown"),
        lazy("It was withdrawn, and the site still shows it. That should never happen."),
    ),
    "forgotten": (
        "bad",
        "warning",
        lazy("Cannot be compared"),
        lazy("What opens this leaf is gone, and the log does not say why."),
    ),
}


def event_name(event: str) -> object:
    """An event in words, or its code."""
    return EVENTS.get(event, event)


def span_name(span: Span) -> str:
    """Some leaves in a row: `leaf 4`, `leaves 0 to 3`."""
    if span.end - span.start == 1:
        return _("leaf %(index)s", index=number(span.start))
    return _("leaves %(first)s to %(last)s", first=number(span.start), last=number(span.end - 1))
