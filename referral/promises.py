"""What a brought friend earns both sides, in words, from the programme in force."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from foundation import words
from foundation.money import exponent, format_amount
from foundation.words import _
from rewards import explaining_rules, programme
from rewards.rules import ALWAYS, EarningRule, Programme, side_amount


@dataclass(frozen=True)
class Promise:
    """What the referrer and the friend get, and after how many days; None: nothing."""

    referrer: str | None
    friend: str | None
    return_days: int

    @property
    def is_any(self) -> bool:
        return bool(self.referrer or self.friend)


def promise(session: Session, channel: str | None = None) -> Promise:
    """What is promised today to whom comes by `channel` (None: whatever it is), in the reader's
    language."""
    return of(programme.current(session), channel)


def of(rules: Programme | None, channel: str | None) -> Promise:
    """What these rules promise to whom comes by `channel`."""
    if rules is None:
        return Promise(None, None, 0)
    return Promise(
        _side(rules, "referrer", channel), _side(rules, "friend", channel), rules.return_days
    )


def _side(rules: Programme, who: str, channel: str | None) -> str | None:
    parts = [
        _with_conditions(rules, rule, amount, channel)
        for rule in rules.earning
        if rule.fact == "referral.purchased"
        and (amount := side_amount(rule, who)) is not None
        and (channel is None or not rule.when.channels or channel in rule.when.channels)
    ]
    return " + ".join(parts) or None


def _with_conditions(rules: Programme, rule: EarningRule, amount: int, channel: str | None) -> str:
    """The page of the programme says which conditions; here, that there are some."""
    said = _in_words(rules, rule, amount)
    left = rule.when.model_copy(update={"channels": ()}) if channel is not None else rule.when
    return said if left == ALWAYS else _("%(what)s (on conditions)", what=said)


def _in_words(rules: Programme, rule: EarningRule, amount: int) -> str:
    if rule.kind == "fixed":
        return explaining_rules.given_by(rule, amount, rules)
    if not rule.gives_points:
        return _(
            "%(percent)s of the first order as store credit", percent=words.percent(amount / 100)
        )
    points = words.number(amount)
    unit = format_amount(10 ** exponent(rules.currency), rules.currency)
    if rule.kind == "percent":
        unit = format_amount(100 * 10 ** exponent(rules.currency), rules.currency)
    return words.plural(
        "%(points)s point for each %(unit)s of the first order",
        "%(points)s points for each %(unit)s of the first order",
        amount,
        points=points,
        unit=unit,
    )


def share_text(site_name: str, given: Promise) -> str:
    """What a member may send a friend; it says what the sender gets (16 CFR 255.5)."""
    if given.referrer and given.friend:
        return _(
            "I buy at %(site)s and like it. If you join with my link and place a first order, you"
            " get %(friend)s; so that you know, I get %(referrer)s.",
            site=site_name,
            friend=given.friend,
            referrer=given.referrer,
        )
    if given.referrer:
        return _(
            "I buy at %(site)s and like it. So that you know: if you join with my link and place a"
            " first order, I get %(referrer)s.",
            site=site_name,
            referrer=given.referrer,
        )
    return _("I buy at %(site)s and like it. Here is my link.", site=site_name)
