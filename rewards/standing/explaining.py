"""Standing in plain words: what it is made of, how a member's own adds up, what would move it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from foundation.money import format_amount
from foundation.words import _, lazy, number, percent, plural, sentences, text_in, when
from rewards.rules import Programme, Tier
from rewards.standing.climbing import Sheet
from rewards.standing.rules import (
    ANSWERS,
    COMPONENTS,
    FOLDS,
    FRIENDS,
    KEPT,
    ORDERS,
    REVIEWS,
    SPENT,
    WHOLE,
    Measured,
    StandingRules,
    kept,
    measure,
    rises_on,
)

NAMES = {
    "duration": lazy("Duration"),
    "loyalty": lazy("Loyalty"),
    "reliability": lazy("Reliability"),
    "influence": lazy("Influence"),
}
ICONS = {"duration": "clock", "loyalty": "box", "reliability": "scales", "influence": "share"}

#: More of one act than this is no advice.
MOST = 40


@dataclass(frozen=True)
class Component:
    """One of the four: what it is, and where it is a member's, how hers adds up."""

    key: str
    weight: int
    meaning: str
    value: int = 0
    sum: str = ""
    gains: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(NAMES[self.key])

    @property
    def icon(self) -> str:
        return ICONS[self.key]


def components(programme: Programme) -> list[Component]:
    """The four components of a programme that weighs standing."""
    rules = programme.standing
    if rules is None:
        return []
    return [
        Component(key, getattr(rules.weights, key), _meaning(key, programme, rules))
        for key in COMPONENTS
    ]


def _meaning(key: str, programme: Programme, rules: StandingRules) -> str:
    if key == "duration":
        return plural(
            "How long you are a customer: 100 once %(num)s day has passed since your first paid"
            " order. All time counts.",
            "How long you are a customer: 100 once %(num)s days have passed since your first paid"
            " order. All time counts.",
            rules.full_days,
        )
    if key == "loyalty":
        return _(
            "Whether you come back: half of it is orders kept (100 from %(orders)s on), half what"
            " they came to (100 from %(value)s on). A partly refunded order counts in part.",
            orders=number(rules.full_orders),
            value=format_amount(rules.full_spend, programme.currency),
        )
    if key == "reliability":
        return _reliability_means(rules)
    return _(
        "What others have of you: each friend who bought and kept it counts %(friend)s, each"
        " accepted answer %(answer)s, each review of something you bought %(review)s, whatever its"
        " stars; up to 100.",
        friend=rules.friend_counts,
        answer=rules.answer_counts,
        review=rules.review_counts,
    )


def _reliability_means(rules: StandingRules) -> str:
    sentence = plural(
        "The share of your orders that you kept rather than gave back; it counts in full from"
        " %(num)s order on.",
        "The share of your orders that you kept rather than gave back; it counts in full from"
        " %(num)s orders on.",
        rules.reliable_orders,
    )
    if not rules.fold_costs:
        return sentence
    costs = _(
        "A post of yours that was folded takes off %(costs)s, until it is restored.",
        costs=rules.fold_costs,
    )
    return sentences((sentence, costs))


def window(programme: Programme) -> str:
    """What time loyalty, reliability and influence look at."""
    if programme.standing is not None and programme.standing.window == "calendar_year":
        return _(
            "Loyalty, reliability and influence count what happened in the calendar year (UTC)."
        )
    return plural(
        "Loyalty, reliability and influence count what happened in the last %(num)s day.",
        "Loyalty, reliability and influence count what happened in the last %(num)s days.",
        programme.standing_window_days,
    )


def keeping(programme: Programme) -> list[str]:
    """How tiers are reached, kept and lost."""
    rules = programme.standing
    if rules is None:
        return []
    looked = (
        _("Once a year, on 1 January, the year that ended is looked at.")
        if rules.window == "calendar_year"
        else _("Every night your standing is looked at.")
    )
    return [
        _("A higher tier is reached at once, by what you do or by time passing."),
        looked,
        _grace(rules),
        _("You never fall by more than one tier at a time."),
        _("Spending points never changes your standing; neither do the stars of a review."),
    ]


def _grace(rules: StandingRules) -> str:
    if not rules.grace_days:
        return _("If it is below your tier then, you move down one tier.")
    return plural(
        "If it is below your tier then, you keep the tier for %(num)s day more, and are told;"
        " only if it is still below at the end do you move down.",
        "If it is below your tier then, you keep the tier for %(num)s days more, and are told;"
        " only if it is still below at the end do you move down.",
        rules.grace_days,
    )


def tier_needs(tier: Tier, programme: Programme) -> str:
    """What a tier asks for."""
    if not tier.standing_min:
        return _("for everybody, from the start")
    if programme.standing is None:
        return _("from %(points)s points of standing", points=number(tier.standing_min))
    return _("from a standing of %(standing)s", standing=number(tier.standing_min))


# A member's own.


def mine(programme: Programme, sheet: Sheet, measured: Measured, day: int) -> list[Component]:
    """The four components of a member, with her numbers and what would add to each."""
    rules = programme.standing
    if rules is None:
        return []
    return [
        Component(
            each.key,
            each.weight,
            each.meaning,
            measured.component(each.key),
            _sum(each.key, programme, rules, sheet, day),
            tuple(_gains(each.key, programme, rules, sheet, measured, day)),
        )
        for each in components(programme)
    ]


def _sum(key: str, programme: Programme, rules: StandingRules, sheet: Sheet, day: int) -> str:
    did = sheet.sums
    if key == "duration":
        if sheet.since is None:
            return _("It begins with your first paid order.")
        return _(
            "A customer since %(day)s: %(days)s of %(full)s days.",
            day=when(date.fromordinal(sheet.since)),
            days=number(max(0, day - sheet.since)),
            full=number(rules.full_days),
        )
    if key == "loyalty":
        return _(
            "%(orders)s of %(most)s orders kept, %(value)s of %(worth)s.",
            orders=number(kept(did) // 100 / 10),
            most=number(rules.full_orders),
            value=format_amount(max(0, did[SPENT]), programme.currency),
            worth=format_amount(rules.full_spend, programme.currency),
        )
    if key == "reliability":
        return _reliable_sum(did)
    return _(
        "Friends %(friends)s, accepted answers %(answers)s, reviews %(reviews)s.",
        friends=number(did[FRIENDS]),
        answers=number(did[ANSWERS]),
        reviews=number(did[REVIEWS]),
    )


def _reliable_sum(did: list[int]) -> str:
    if did[ORDERS] < 1:
        return _("No order in this time yet.")
    sentence = _(
        "%(kept)s of your %(orders)s orders kept.",
        kept=number(kept(did) // 100 / 10),
        orders=number(did[ORDERS]),
    )
    if did[FOLDS] < 1:
        return sentence
    folds = plural("%(num)s post folded.", "%(num)s posts folded.", did[FOLDS])
    return sentences((sentence, folds))


Act = tuple[str, Callable[[int], str], dict[int, int]]


def _acts(programme: Programme, rules: StandingRules, sheet: Sheet) -> list[Act]:
    """What a member can do, in words for n times, and what one time adds to her counters."""
    orders = max(sheet.sums[ORDERS], 0)
    mean = max(0, sheet.sums[SPENT]) // orders if orders else rules.full_spend // rules.full_orders
    worth = format_amount(mean, programme.currency)

    def order(n: int) -> str:
        return plural("%(num)s order of %(worth)s", "%(num)s orders of %(worth)s", n, worth=worth)

    def friend(n: int) -> str:
        return plural(
            "%(num)s friend who buys and keeps it", "%(num)s friends who buy and keep it", n
        )

    def answer(n: int) -> str:
        return plural("%(num)s accepted answer", "%(num)s accepted answers", n)

    def review(n: int) -> str:
        return plural(
            "%(num)s review of something you bought", "%(num)s reviews of what you bought", n
        )

    return [
        ("order", order, {ORDERS: 1, KEPT: WHOLE, SPENT: mean}),
        ("friend", friend, {FRIENDS: 1}),
        ("answer", answer, {ANSWERS: 1}),
        ("review", review, {REVIEWS: 1}),
    ]


HELPS = {
    "loyalty": ("order",),
    "reliability": ("order",),
    "influence": ("friend", "answer", "review"),
}


def _gains(
    key: str,
    programme: Programme,
    rules: StandingRules,
    sheet: Sheet,
    measured: Measured,
    day: int,
) -> Iterator[str]:
    """What one more act adds to a component, or as many as it takes to add anything; what time adds
    to duration."""
    if key == "duration":
        if sheet.since is not None and measured.duration < 100:
            full = sheet.since + rules.full_days
            yield _("It is 100 on %(day)s.", day=when(date.fromordinal(full)))
        return
    acts = [each for each in _acts(programme, rules, sheet) if each[0] in HELPS[key]]
    if key == "reliability" and rules.fold_costs and sheet.sums[FOLDS] > 0:
        acts.append(("restored", _restored, {FOLDS: -1}))
    for _name, words, adds in acts:
        most = sheet.sums[FOLDS] + 1 if FOLDS in adds else MOST
        for times in range(1, most):
            after = measure(rules, _with(sheet.sums, adds, times), sheet.since, day)
            gain = after.component(key) - measured.component(key)
            if gain > 0:
                yield _("%(act)s: +%(gain)s", act=words(times), gain=number(gain))
                break


def _restored(n: int) -> str:
    return plural("%(num)s folded post restored", "%(num)s folded posts restored", n)


def _with(sums: list[int], adds: dict[int, int], times: int) -> list[int]:
    after = list(sums)
    for what, amount in adds.items():
        after[what] += amount * times
    return after


def ways_up(
    programme: Programme, sheet: Sheet, measured: Measured, target: int, day: int
) -> list[str]:
    """Ways to a standing of `target`, each enough by itself; where one act alone is not enough,
    two together. Empty when even that is too little: then every gain counts."""
    rules = programme.standing
    if rules is None or measured.total >= target:
        return []
    acts, ways = _acts(programme, rules, sheet), list[str]()

    def reaches(sums: list[int]) -> bool:
        return measure(rules, sums, sheet.since, day).total >= target

    for _name, words, adds in acts:
        times = next((n for n in range(1, MOST) if reaches(_with(sheet.sums, adds, n))), None)
        if times is not None:
            ways.append(words(times))
    if not ways:
        ways += _pairs(sheet, acts, reaches)
    rise = rises_on(rules, measured, sheet.since, target)
    if rise is not None:
        ways.append(
            _(
                "time alone: on %(day)s, if all else stays as it is",
                day=when(date.fromordinal(rise)),
            )
        )
    return ways


def _pairs(sheet: Sheet, acts: list[Act], reaches: Callable[[list[int]], bool]) -> Iterator[str]:
    """Orders together with each other act, with as few of both as it takes."""
    _name, order_words, order_adds = acts[0]
    for _other, words, adds in acts[1:]:
        fewest = next(
            (
                (n, both - n)
                for both in range(2, MOST)
                for n in range(1, both)
                if reaches(_with(_with(sheet.sums, order_adds, n), adds, both - n))
            ),
            None,
        )
        if fewest is not None:
            yield _("%(one)s and %(other)s", one=order_words(fewest[0]), other=words(fewest[1]))


# What changed between two versions.


def changes(old: Programme, new: Programme) -> Iterator[str]:
    """What `new` changes about standing and tiers, a sentence each."""
    yield from _about_standing(old, new)
    yield from _about_tiers(old, new)


def _about_standing(old: Programme, new: Programme) -> Iterator[str]:
    before, after = old.standing, new.standing
    if before is None and after is not None:
        yield _(
            "Standing is no longer points: it is weighed out of duration, loyalty, reliability and"
            " influence, from 0 to 100. Everybody keeps the tier reached by points, and from then"
            " on it is kept or lost by the new rules."
        )
        return
    if before is not None and after is None:
        yield _("Standing is the points granted in the window again.")
        return
    if before is None or after is None:
        return
    for key in COMPONENTS:
        was, now = getattr(before.weights, key), getattr(after.weights, key)
        if was != now:
            yield _(
                "%(component)s weighs %(new)s instead of %(old)s.",
                component=NAMES[key],
                new=percent(now / 100),
                old=percent(was / 100),
            )
    for key in COMPONENTS:
        meaning = _meaning(key, new, after)
        if _meaning(key, old, before) != meaning:
            yield _("%(component)s now: %(meaning)s", component=NAMES[key], meaning=meaning)
    if before.window != after.window:
        yield window(new)
    if before.grace_days != after.grace_days:
        yield _(
            "A tier is kept for %(new)s days after falling below it, instead of %(old)s.",
            new=number(after.grace_days),
            old=number(before.grace_days),
        )


def _about_tiers(old: Programme, new: Programme) -> Iterator[str]:
    for tier in new.tiers:
        before, name = old.tier(tier.key), text_in(tier.name)
        if before is None:
            yield _(
                "New tier %(name)s: %(needs)s, earns %(percent)s.",
                name=name,
                needs=tier_needs(tier, new),
                percent=percent(tier.earn_percent / 100),
            )
        else:
            yield from _one_tier(old, new, before, tier)
    for tier in old.tiers:
        if new.tier(tier.key) is None:
            yield _("The tier %(name)s is gone.", name=text_in(tier.name))


def _one_tier(old: Programme, new: Programme, before: Tier, after: Tier) -> Iterator[str]:
    name = text_in(after.name)
    if text_in(before.name) != name:
        yield _("The tier %(old)s is now called %(new)s.", old=text_in(before.name), new=name)
    was, now = tier_needs(before, old), tier_needs(after, new)
    if was != now:
        yield _("%(name)s: %(new)s instead of %(old)s.", name=name, new=now, old=was)
    if before.earn_percent != after.earn_percent:
        yield _(
            "%(name)s earns %(new)s instead of %(old)s.",
            name=name,
            new=percent(after.earn_percent / 100),
            old=percent(before.earn_percent / 100),
        )
    said = [text_in(each) for each in before.benefits]
    says = [text_in(each) for each in after.benefits]
    for each in says:
        if each not in said:
            yield _("%(name)s, new: %(limit)s", name=name, limit=each)
    for each in said:
        if each not in says:
            yield _("%(name)s, no longer: %(limit)s", name=name, limit=each)
