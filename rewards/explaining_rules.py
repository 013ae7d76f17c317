"""What limits a rule, and what limits all of them together, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from foundation.money import format_amount
from foundation.words import _, number, plural, sentences, text_in
from rewards.budgets.rules import Budget
from rewards.engine import MAILBOX
from rewards.rule_forms import CHANNEL_CHOICES
from rewards.rules import (
    CAPS,
    FACTS,
    POINTS,
    VOUCHER,
    Condition,
    EarningRule,
    Programme,
    commodity_of,
    hold_days,
)


def points(amount: int) -> str:
    """A number of points, with its unit."""
    return plural("%(num)s point", "%(num)s points", amount, num=number(amount))


def given(amount: int, commodity: str) -> str:
    """An amount of what rules give, with its unit: “5 points”, “$5.00 of store credit”."""
    if commodity == POINTS:
        return points(amount)
    if commodity == VOUCHER:
        return plural("%(num)s voucher", "%(num)s vouchers", amount, num=number(amount))
    return _("%(amount)s of store credit", amount=format_amount(amount, commodity))


def given_by(rule: EarningRule, amount: int, programme: Programme) -> str:
    """The same of one rule, where vouchers say what they take off an order."""
    item = programme.item(rule.voucher or "") if rule.commodity == VOUCHER else None
    if item is None:
        return given(amount, commodity_of(programme, rule))
    price = format_amount(item.value, item.currency)
    if amount == 1:
        return _("a voucher for %(value)s", value=price)
    return _("%(count)s vouchers for %(value)s each", count=number(amount), value=price)


def written(amount: int, commodity: str) -> str:
    """The same without its unit, where a heading says it: “5”, “$5.00”."""
    is_counted = commodity in (POINTS, VOUCHER)
    return number(amount) if is_counted else format_amount(amount, commodity)


def given_all(amounts: Mapping[str, int]) -> str:
    """Amounts of several commodities: “5 points and $5.00 of store credit”; nothing of one is left
    out."""
    said = [given(amount, commodity) for commodity, amount in amounts.items() if amount]
    if len(said) < 2:
        return said[0] if said else points(0)
    *some, last = said
    return _("%(some)s and %(last)s", some=_listed(some), last=last)


def limits(rule: EarningRule, programme: Programme) -> Iterator[str]:
    """Everything that narrows a rule: conditions, hold, tier, caps, expiry; a sentence each."""
    yield from conditions(rule, programme)
    yield from _hold(rule, programme)
    if rule.tier_applies:
        yield _("Your tier raises it.")
    if rule.fact == "member.verified":
        yield first_of_mailbox()
    yield from (said for cap in CAPS if (said := _cap(cap, rule, programme)) is not None)
    if rule.commodity == VOUCHER:
        if FACTS[rule.fact].has_order:
            yield _("A refund of the order takes back what you have not used.")
        if rule.expires_after_days is not None:
            days = rule.expires_after_days
            yield plural("Good for %(num)s day.", "Good for %(num)s days.", days)
    elif rule.expires_after_days is not None:
        yield plural(
            "Expires %(num)s day after it can be spent.",
            "Expires %(num)s days after it can be spent.",
            rule.expires_after_days,
        )


def _cap(cap: str, rule: EarningRule, programme: Programme) -> str | None:
    """What limits one member, by the rule's field; None: nothing does."""
    most = rule.amounts.get(cap)
    if most is None:
        return None
    said = given(most, commodity_of(programme, rule))
    if cap == "cap_per_day":
        return _("At most %(points)s in a day.", points=said)
    if cap == "cap_per_month":
        return _("At most %(points)s in a calendar month.", points=said)
    return _("At most %(points)s in all.", points=said)


def _hold(rule: EarningRule, programme: Programme) -> Iterator[str]:
    days = hold_days(programme, rule)
    if not days:
        return
    if rule.hold == "return_period":
        yield plural(
            "On hold for %(num)s day, until the order can no longer be returned.",
            "On hold for %(num)s days, until the order can no longer be returned.",
            days,
        )
    else:
        yield plural("On hold for %(num)s day.", "On hold for %(num)s days.", days)


def conditions(rule: EarningRule, programme: Programme) -> Iterator[str]:
    """When a rule applies, beyond its fact."""
    when = rule.when
    yield from _value(when, programme.currency)
    if when.products:
        names = _listed(when.products)
        if rule.kind == "fixed":
            yield _("Only with one of these products: %(products)s.", products=names)
        else:
            yield _("Counts only the value of these products: %(products)s.", products=names)
    yield from _times(when)
    if when.tiers:
        known = {tier.key: text_in(tier.name) for tier in programme.tiers}
        tiers = _listed([known.get(key, key) for key in when.tiers])
        yield _("Only for members in: %(tiers)s.", tiers=tiers)
    if when.channels:
        known = {key: str(label) for key, label in CHANNEL_CHOICES}
        channels = _listed([known.get(key, key) for key in when.channels])
        yield _("Only if the friend came by: %(channels)s.", channels=channels)


def _value(when: Condition, currency: str) -> Iterator[str]:
    low, high = when.value_min, when.value_max
    if low is not None and high is not None:
        yield _(
            "Only for orders worth %(low)s to %(high)s.",
            low=format_amount(low, currency),
            high=format_amount(high, currency),
        )
    elif low is not None:
        yield _("Only for orders worth at least %(low)s.", low=format_amount(low, currency))
    elif high is not None:
        yield _("Only for orders worth at most %(high)s.", high=format_amount(high, currency))


def _times(when: Condition) -> Iterator[str]:
    first, last = when.time_from or 1, when.time_until
    if (first, last) == (1, 1):
        yield _("Only the first time.")
    elif last == first:
        yield _("Only time number %(n)s.", n=number(first))
    elif last is not None:
        yield _("Only times number %(first)s to %(last)s.", first=number(first), last=number(last))
    elif first > 1:
        yield _("From time number %(n)s on.", n=number(first))
    if when.every is not None and when.every > 1:
        yield _("Only each time the count is a multiple of %(n)s.", n=number(when.every))


def first_of_mailbox() -> str:
    """What is given for a confirmed address is given once for a mailbox."""
    return _("Of several accounts with one mailbox (ada@, ada+tea@), only the first gets it.")


def second_account() -> str:
    """Why an account that is not the first of its mailbox did not get it."""
    return _("Another account of your mailbox was confirmed before this one. The first gets it.")


def _listed(words: Iterable[str]) -> str:
    return _(", ").join(words)


def cause(what: str | None, rule: EarningRule, programme: Programme) -> str:
    """What withheld something: a cap, "budget:<key>", or that the account is a second one."""
    if what == MAILBOX:
        return second_account()
    key = (what or "").partition("budget:")[2]
    budgets = [each for each in programme.budgets if each.key == key]
    if budgets:
        return budget(budgets[0], programme)
    cap = {"day": "cap_per_day", "ever": "cap_per_member"}.get(what or "", "cap_per_month")
    return _cap(cap, rule, programme) or ""


# Budgets.


def budget(each: Budget, programme: Programme) -> str:
    """What a budget allows, and what happens at its end."""
    rule = programme.rule(each.rule) if each.rule else None
    limit = limit_of(each.limit, each.unit, programme.currency)
    if each.period == "month":
        said = _("all members together at most %(limit)s in a calendar month", limit=limit)
    else:
        said = _("all members together at most %(limit)s in all", limit=limit)
    whose = text_in(rule.name) if rule else _("All rules together")
    sentence = _("%(whose)s: %(limit)s. %(then)s", whose=whose, limit=said, then=at_cap(each))
    return sentences([sentence, _counted(each, programme)])


def limit_of(limit: int, unit: str, currency: str) -> str:
    """A budget's limit with its unit: “500 points”, “$50.00”, “20 vouchers”."""
    if unit == "money":
        return format_amount(limit, currency)
    return given(limit, VOUCHER) if unit == "vouchers" else points(limit)


def _counted(each: Budget, programme: Programme) -> str | None:
    """What the budget of all rules counts, where they give several things."""
    if each.rule is not None:
        return None
    if each.unit == "vouchers":
        has_others = programme.welcome or any(card.voucher for card in programme.cards)
        return _("Vouchers of cards and welcomes are counted in it.") if has_others else None
    known = {rule.commodity for rule in programme.paying} - {VOUCHER}
    if len(known) < 2:
        return None
    if each.unit == "points":
        return _("Store credit is not counted in it.")
    return _("Points count at what they are worth, store credit as it is.")


def at_cap(each: Budget) -> str:
    """What happens at the end of a budget."""
    if each.at_cap == "stop":
        return _("What does not fit into it whole is not given.")
    if each.at_cap == "warn":
        return _("Beyond it rewards are still given, and the owners are warned.")
    return _("What is left of it is still given, then nothing.")


def worth(programme: Programme) -> str | None:
    """What the owner counts points at."""
    if programme.worth_of_100 is None:
        return None
    return _(
        "The budgets count 100 points as %(worth)s.",
        worth=format_amount(programme.worth_of_100, programme.currency),
    )


def budget_changes(old: Programme, new: Programme) -> Iterator[str]:
    """What `new` changes about budgets."""
    was = {each.key: budget(each, old) for each in old.budgets}
    now = {each.key: budget(each, new) for each in new.budgets}
    for key, said in now.items():
        if key not in was:
            yield _("New limit: %(now)s", now=said)
        elif was[key] != said:
            yield _("“%(was)s” becomes “%(now)s”", was=was[key], now=said)
    for key, said in was.items():
        if key not in now:
            yield _("No longer: %(was)s", was=said)
    said_worth = worth(new)
    if said_worth and said_worth != worth(old):
        yield said_worth
