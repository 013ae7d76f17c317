"""The rules of the clubs: pure functions and tables that the pages render as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from foundation.refusal import Refused
from foundation.words import lazy

TITLE_LENGTH = 160
BODY_LENGTH = 20_000  # some ten printed pages
SENTENCE_LENGTH = 1_000
#: Posts on a page of a topic.
PAGE = 20
#: A post that calls the whole club is a megaphone, not a mention.
MENTIONS = 10
#: How long a fold can be appealed (Digital Services Act, article 20(1): at least six months).
APPEAL_WINDOW = timedelta(days=183)

STAFF_ROLES = frozenset({"staff", "owner"})
OPENS, CLOSES = time(9), time(17)  # business hours, Monday to Friday, in the club's time zone


class Person(Protocol):
    """Whoever acts: a member, or the viewer behind a request."""

    @property
    def id(self) -> str: ...
    @property
    def handle(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


# What no text needs: NUL stops PostgreSQL, and some of the others mean something to machines.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Kind:
    """What a topic is. The company owes an answer to those with `awaits_answer`."""

    code: str
    label: Any
    hint: Any
    awaits_answer: bool = False


KINDS = {
    kind.code: kind
    for kind in (
        Kind("question", lazy("Question"), lazy("Something you want to know."), True),
        Kind("rant", lazy("Rant"), lazy("Something that went wrong. Say it as it is."), True),
        Kind("rave", lazy("Rave"), lazy("Something that deserves praise.")),
        Kind("idea", lazy("Idea"), lazy("Something we should make or do.")),
        Kind("talk", lazy("Talk"), lazy("Anything else worth a conversation.")),
    )
}


@dataclass(frozen=True)
class Reason:
    """Why a post may be folded. `readable`: its words stay one click away."""

    code: str
    label: Any
    sentence: Any
    readable: bool = True


#: The closed list: a post is folded for one of these or not at all.
REASONS = {
    reason.code: reason
    for reason in (
        Reason(
            "spam",
            lazy("Spam"),
            lazy("Advertising for something else, or the same text spread over many places."),
        ),
        Reason(
            "abuse",
            lazy("Abuse"),
            lazy("Insults, threats or contempt for a person. Harsh words about us are no abuse."),
        ),
        Reason(
            "off_topic", lazy("Off topic"), lazy("It has nothing to do with what is talked about.")
        ),
        Reason(
            "duplicate",
            lazy("Duplicate"),
            lazy("The same was posted before; the first one stays."),
        ),
        Reason(
            "private_data",
            lazy("Private data"),
            lazy("It shows somebody's address, number, order or the like. Its words are withheld."),
            readable=False,
        ),
        Reason(
            "illegal",
            lazy("Illegal"),
            lazy("It breaks a law, which the statement of reasons names. Its words are withheld."),
            readable=False,
        ),
    )
}

_HANDLE = re.compile(r"(?<![\w@/.])@([a-z0-9][a-z0-9_]{2,23})", re.IGNORECASE)


def is_staff(person: Person) -> bool:
    """Whether somebody speaks for the company, and carries its badge."""
    return person.role in STAFF_ROLES


def mentions(body: str) -> list[str]:
    """The handles that a text calls, lower case, each once, no more than `MENTIONS`."""
    found = dict.fromkeys(handle.lower() for handle in _HANDLE.findall(body))
    return list(found)[:MENTIONS]


def words_of(text: str, limit: int, field: str = "body") -> str:
    """`text` without blanks at its ends; Refused when nothing or too much is left."""
    kept = _CONTROL.sub("", text).strip()
    if not kept:
        raise Refused("Write something first.", code="empty", field=field)
    if len(kept) > limit:
        raise Refused(
            "That is %(length)s characters; %(limit)s fit. Shorten it a little.",
            code="too_long",
            field=field,
            length=len(kept),
            limit=limit,
        )
    return kept


def title_of(text: str) -> str:
    """A title on one line."""
    return words_of(" ".join(text.split()), TITLE_LENGTH, "title")


def kind_of(code: str) -> Kind:
    """One of KINDS."""
    if code not in KINDS:
        raise Refused("Choose what kind of topic this is.", code="unknown_kind", field="kind")
    return KINDS[code]


def reason_of(code: str) -> Reason:
    """One of REASONS."""
    if code not in REASONS:
        raise Refused("Choose a reason from the list.", code="unknown_reason", field="reason")
    return REASONS[code]


def due_at(start: datetime, business_hours: int, zone: str) -> datetime:
    """The moment, in UTC, when so many business hours have passed since `start`."""
    local = start.astimezone(ZoneInfo(zone))
    left = timedelta(hours=business_hours)
    while True:
        opens = datetime.combine(local.date(), OPENS, local.tzinfo)
        closes = datetime.combine(local.date(), CLOSES, local.tzinfo)
        if local.weekday() < 5 and local < closes:
            local = max(local, opens)
            if left <= closes - local:
                return (local + left).astimezone(UTC)
            left -= closes - local
        local = opens + timedelta(days=1)


def refuse_judge_in_own_cause(person: Person, *authors: str | None) -> None:
    """Nobody decides about his own words, nor about an answer to them."""
    if person.id in authors:
        raise Refused(
            "This is about your own words or an answer to them. Somebody else has to decide.",
            code="own_cause",
            status=403,
        )


def refuse_late_appeal(folded_at: datetime, now: datetime) -> None:
    """An appeal comes within `APPEAL_WINDOW`."""
    if now > folded_at + APPEAL_WINDOW:
        raise Refused("The six months for an appeal are over.", code="too_late", status=403)
