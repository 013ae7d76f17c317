"""The programme in plain words, in the reader's language, from the same data the engine runs on.

Nobody writes these explanations, so they cannot be wrong: a new rule explains itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from foundation.money import exponent, format_amount
from foundation.words import _, number, percent, plural, sentences, text_in
from rewards import explaining_rules
from rewards.cards import explaining as explaining_cards
from rewards.catalogue import explaining as explaining_items
from rewards.explaining_rules import points as points
from rewards.happenings import WRITTEN
from rewards.perks import explaining as perk_explaining
from rewards.rules import EarningRule, Programme
from rewards.standing import explaining as standing_explaining
from rewards.standing.tiers import Standing
from rewards.topups import explaining as topup_explaining


@dataclass(frozen=True)
class Explained:
    """A rule as the public page shows it: its name, its sentence, and what limits it."""

    name: str
    sentence: str
    limits: list[str]


def rule(each: EarningRule, programme: Programme) -> Explained:
    """One earning rule."""
    welcome = programme.welcome_by(each.key)
    if welcome is not None:
        said = explaining_cards.welcome(welcome, programme)
        return Explained(
            text_in(each.name), said, explaining_cards.welcome_limits(welcome, programme)
        )
    sentence = _("%(when)s: %(what)s.", when=_when(each), what=_what(each, programme))
    return Explained(text_in(each.name), sentence, list(explaining_rules.limits(each, programme)))


def _when(each: EarningRule) -> str:
    if each.fact == "referral.purchased":
        if each.who == "friend":
            return _("When a friend brought you and you buy for the first time")
        return _("When a friend you brought buys for the first time")
    if each.fact == "review.published" and each.verified_only:
        return _("For every review of something you bought here, whatever its stars")
    return {
        "order.paid": _("For every order you pay"),
        "card.filled": _("When the card is full"),
        "review.published": _("For every review you publish, whatever its stars"),
        "answer.accepted": _("When your answer to a question is accepted"),
        "topic.started": _("For every topic you start"),
        "post.written": _("For every post you write"),
        "member.verified": _("Once your e-mail address is confirmed"),
    }[each.fact]


def anchor_of(fact: str, rule: str) -> str:
    """Where the public page tells of a rule: its own place, its card's or its welcome's."""
    if fact in WRITTEN:
        return rule.replace("_", "-", 1)
    return f"rule-{rule}"


def _what(each: EarningRule, programme: Programme) -> str:
    if each.who == "both" and each.friend_amount is not None:
        return _(
            "%(mine)s for you, %(theirs)s for your friend",
            mine=amount(each, each.amount, programme),
            theirs=amount(each, each.friend_amount, programme),
        )
    return amount(each, each.amount, programme)


def amount(each: EarningRule, many: int, programme: Programme) -> str:
    """What a rule gives one person, where it gives `many`."""
    if each.kind == "fixed":
        return explaining_rules.given_by(each, many, programme)
    if each.kind == "percent" and not each.gives_points:
        return _(
            "%(percent)s of its value in %(currency)s, as store credit",
            percent=percent(many / 100),
            currency=programme.currency,
        )
    if each.kind == "percent":
        return _(
            "%(percent)s of its value in %(currency)s, as points",
            percent=percent(many / 100),
            currency=programme.currency,
        )
    return _(
        "%(points)s for each %(unit)s of its value",
        points=points(many),
        unit=f"1 {programme.currency}",
    )


def days_begin(programme: Programme) -> str:
    """When the days and months that limits count begin; empty when none counts any."""
    counted = (
        any(rule.cap_per_day or rule.cap_per_month for rule in programme.paying)
        or any(budget.period == "month" for budget in programme.budgets)
        or any(card.one_a_day for card in programme.cards)
    )
    return _("Days and calendar months begin at midnight UTC.") if counted else ""


# What changed.


def changes(old: Programme, new: Programme) -> list[str]:
    """What `new` changes about `old`, a sentence each; empty when they are the same."""
    found = [
        *_general_changes(old, new),
        *standing_explaining.changes(old, new),
        *_rule_changes(old, new),
        *explaining_items.changes(old, new),
        *explaining_cards.changes(old, new),
        *perk_explaining.changes(old, new),
        *topup_explaining.changes(old, new),
        *explaining_rules.budget_changes(old, new),
    ]
    if not found and old != new:
        return [_("Only the order of lines changes, or their wording in another language.")]
    return found


def _general_changes(old: Programme, new: Programme) -> Iterator[str]:
    if old.return_days != new.return_days:
        yield _(
            "What rests on an order is on hold for %(new)s days instead of %(old)s.",
            new=new.return_days,
            old=old.return_days,
        )
    windows = {each.standing_window_days for each in (old, new) if _counts_days(each)}
    if len(windows) == 2:
        yield _(
            "Standing counts the last %(new)s days instead of %(old)s.",
            new=number(new.standing_window_days),
            old=number(old.standing_window_days),
        )
    if old.currency != new.currency:
        yield _(
            "The value of orders is counted in %(new)s instead of %(old)s.",
            new=new.currency,
            old=old.currency,
        )


def _counts_days(programme: Programme) -> bool:
    """Whether standing looks at so many days; a calendar year has its own sentence."""
    return programme.standing is None or programme.standing.window == "rolling"


def _rule_changes(old: Programme, new: Programme) -> Iterator[str]:
    # The return period has its own sentence: a rule did not change because the days did.
    as_if = old.model_copy(update={"return_days": new.return_days})
    for each in new.earning:
        before = old.rule(each.key)
        if before is None:
            yield _("New: %(now)s", now=_whole(rule(each, new)))
        else:
            yield from _one_rule(before, as_if, each, new)
    for each in old.earning:
        if new.rule(each.key) is None:
            yield _("No longer: %(was)s", was=_whole(rule(each, old)))


def _one_rule(
    before: EarningRule, old: Programme, after: EarningRule, new: Programme
) -> Iterator[str]:
    was, now = rule(before, old), rule(after, new)
    if was.name != now.name:
        yield _("“%(old)s” is now called “%(new)s”.", old=was.name, new=now.name)
    if _when(before) != _when(after):
        yield _("“%(was)s” becomes “%(now)s”", was=_whole(was), now=_whole(now))
        return
    if was.sentence != now.sentence:
        yield _(
            "%(name)s: %(new)s instead of %(old)s.",
            name=now.name,
            new=_what(after, new),
            old=_what(before, old),
        )
    for limit in now.limits:
        if limit not in was.limits:
            yield _("%(name)s, new: %(limit)s", name=now.name, limit=limit)
    for limit in was.limits:
        if limit not in now.limits:
            yield _("%(name)s, no longer: %(limit)s", name=now.name, limit=limit)


def _whole(explained: Explained) -> str:
    return sentences([explained.sentence, *explained.limits])


# What would move me up.


def ways_up(standing: Standing, programme: Programme) -> list[str]:
    """Single ways to the next tier, each enough by itself; none at the top."""
    if standing.next is None or standing.measured is not None:
        return []  # where standing is weighed, its own page says (standing_explaining.ways_up)
    ways = []
    for each in programme.earning:
        if each.who == "friend" or not each.gives_points:
            continue
        if (way := _way(each, standing, programme)) is not None:
            ways.append(way)
    return ways


def _way(each: EarningRule, standing: Standing, programme: Programme) -> str | None:
    if each.cap_per_member is not None and each.cap_per_member < standing.missing:
        return None
    factor = standing.tier.earn_percent if each.tier_applies else 100
    if each.kind != "fixed":
        return _spending(each, standing.missing, factor, programme)
    single = each.amount * factor // 100
    if single < 1:
        return None
    return _times(each.fact, -(-standing.missing // single))


def _spending(each: EarningRule, missing: int, factor: int, programme: Programme) -> str:
    """The value of orders that earns `missing` points, rounded up to a whole unit."""
    per_unit = factor * each.amount * (100 if each.kind == "per_currency_unit" else 1)
    units = -(-missing * 10_000 // per_unit)
    minor = units * 10 ** exponent(programme.currency)
    return _("orders worth %(value)s", value=format_amount(minor, programme.currency))


def _times(fact: str, n: int) -> str | None:
    words: dict[str, Any] = {
        "order.paid": lambda: plural("%(num)s order", "%(num)s orders", n),
        "referral.purchased": lambda: plural(
            "%(num)s friend who buys", "%(num)s friends who buy", n
        ),
        "review.published": lambda: plural("%(num)s review", "%(num)s reviews", n),
        "answer.accepted": lambda: plural("%(num)s accepted answer", "%(num)s accepted answers", n),
        "topic.started": lambda: plural("%(num)s new topic", "%(num)s new topics", n),
        "post.written": lambda: plural("%(num)s post", "%(num)s posts", n),
    }
    return words[fact]() if fact in words else None
