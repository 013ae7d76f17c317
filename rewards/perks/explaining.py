"""Perks in plain words, in the reader's language, from the same data that rooms ask for."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.words import _, percent, plural, text_in
from rewards import explaining_rules
from rewards.perks.rules import CONFIRMED, EARLY_DELIVERY, PRIORITY_ANSWERS, Perk
from rewards.rules import Programme


def sentences(perk: Perk, rules: Programme) -> list[str]:
    """What a perk does, and how one comes by it."""
    return [*_does(perk), *_ways(perk, rules)]


def _does(perk: Perk) -> Iterator[str]:
    if perk.key == PRIORITY_ANSWERS:
        yield _("Questions and rants stand first in the staff's list, with a badge.")
        if perk.answer_percent < 100:
            yield _(
                "They are answered within %(percent)s of the hours that the club promises.",
                percent=percent(perk.answer_percent / 100),
            )
    if perk.key == EARLY_DELIVERY:
        yield _("Orders are marked in the staff's list, to be packed first.")
    if perk.key == EARLY_DELIVERY and perk.days_sooner:
        yield plural(
            "Orders are promised %(num)s day sooner.",
            "Orders are promised %(num)s days sooner.",
            perk.days_sooner,
        )


def _ways(perk: Perk, rules: Programme) -> Iterator[str]:
    names = [text_in(tier.name) for tier in rules.tiers if tier.key in perk.tiers]
    if names:
        yield _("Comes with: %(tiers)s.", tiers=_(", ").join(names))
    if perk.earned_for:
        yield _("%(when)s: %(days)s.", when=_when(perk.earned_for), days=_days(perk.earned_days))
    if perk.earned_for == CONFIRMED:
        yield explaining_rules.first_of_mailbox()
    if not names and not perk.earned_for:
        yield _("Given by the owner to single members, with a reason.")


def _when(fact: str) -> str:
    return {
        "answer.accepted": _("When your answer to a question is accepted"),
        "review.published": _("For every review you publish, whatever its stars"),
        "topic.started": _("For every topic you start"),
        "post.written": _("For every post you write"),
        CONFIRMED: _("Once your e-mail address is confirmed"),
    }[fact]


def _days(days: int) -> str:
    return plural("for %(num)s day", "for %(num)s days", days)


def changes(old: Programme, new: Programme) -> Iterator[str]:
    """What `new` changes about the perks of `old`, a sentence each."""
    for perk in new.perks:
        before = old.perk(perk.key)
        now = _whole(perk, new)
        if before is None:
            yield _("New perk %(name)s: %(what)s", name=text_in(perk.name), what=now)
        elif _whole(before, old) != now or before.name != perk.name:
            yield _("%(name)s is now: %(what)s", name=text_in(perk.name), what=now)
    for perk in old.perks:
        if new.perk(perk.key) is None:
            yield _("The perk %(name)s is gone.", name=text_in(perk.name))


def _whole(perk: Perk, rules: Programme) -> str:
    """All its sentences; the owner's own description too, for it is a promise."""
    return " ".join(filter(None, [text_in(perk.description), *sentences(perk, rules)]))
