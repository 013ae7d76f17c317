"""The catalogue in plain words, in the reader's language, from the items themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from foundation.money import format_amount
from foundation.words import _, lazy, number, plural, text_in, when
from rewards.catalogue.items import Item
from rewards.rules import Programme

KIND_NAMES: dict[str, Any] = {
    "voucher": lazy("Voucher"),
    "goods": lazy("Goods"),
    "service": lazy("Service"),
    "experience": lazy("Experience"),
    "preorder": lazy("Pre-order"),
}
ICONS = {
    "voucher": "voucher",
    "goods": "box",
    "service": "promise",
    "experience": "leaf",
    "preorder": "clock",
}


def kind_name(kind: str) -> str:
    """What kind of thing it is, in a word."""
    return str(KIND_NAMES.get(kind, kind))


def icon_of(kind: str) -> str:
    """The drawing of static/icons.svg that stands for a kind."""
    return ICONS.get(kind, "gift")


def price(item: Item) -> str:
    """What an item is worth, as the reader writes money; empty for what has no price."""
    return format_amount(item.value, item.currency) if item.value and item.currency else ""


def terms(item: Item, programme: Programme) -> list[str]:
    """What goes with an item, a sentence each."""
    return [*_terms_of_vouchers(item), *_terms_of_all(item, programme)]


def _terms_of_vouchers(item: Item) -> Iterator[str]:
    if not item.is_voucher:
        return
    if item.uses > 1:
        yield _(
            "Takes %(value)s off an order, %(uses)s times.",
            value=price(item),
            uses=number(item.uses),
        )
    if item.valid_days is not None:
        yield plural(
            "Good for %(num)s day after you redeem it.",
            "Good for %(num)s days after you redeem it.",
            item.valid_days,
        )
    if item.bearer:
        yield _("Whoever has the code can use it: you may give it away.")
    else:
        yield _("Yours alone: the shop asks for the address you joined with.")


def _terms_of_all(item: Item, programme: Programme) -> Iterator[str]:
    if item.tier is not None:
        tier = programme.tier(item.tier)
        name = text_in(tier.name) if tier else item.tier
        yield _("For members from the tier %(tier)s.", tier=name)
    if item.limit == 1:
        yield _("Once for each member.")
    elif item.limit is not None:
        yield _("At most %(limit)s times for each member.", limit=number(item.limit))
    if item.available_from is not None:
        yield _("To be had from %(day)s.", day=when(item.available_from))
    if item.available_until is not None:
        yield _("To be had until %(day)s.", day=when(item.available_until))
    if item.expected_on is not None:
        yield _("Expected on %(day)s.", day=when(item.expected_on))
    if item.dates:
        yield _("Dates: %(days)s.", days=" · ".join(when(each, "short") for each in item.dates))
    if item.sent:
        yield _("Sent to the address you give.")
    if item.counted:
        yield _("Only as long as there are some left.")


def changes(old: Programme, new: Programme) -> Iterator[str]:
    """What `new` changes about the catalogue of `old`, a sentence each."""
    for item in new.catalogue:
        before, name = old.item(item.key), text_in(item.name)
        if before is None:
            yield _(
                "New in the catalogue: %(name)s for %(cost)s.", name=name, cost=_points(item.cost)
            )
        else:
            yield from _changes_of(before, old, item, new, name)
    for item in old.catalogue:
        if new.item(item.key) is None:
            yield _("No longer in the catalogue: %(name)s.", name=text_in(item.name))


def _changes_of(
    before: Item, old: Programme, item: Item, new: Programme, name: str
) -> Iterator[str]:
    if text_in(before.name) != name:
        yield _("“%(old)s” is now called “%(new)s”.", old=text_in(before.name), new=name)
    if before.kind != item.kind:
        yield _(
            "%(name)s: %(new)s instead of %(old)s.",
            name=name,
            new=kind_name(item.kind),
            old=kind_name(before.kind),
        )
    if before.cost != item.cost:
        yield _(
            "%(name)s costs %(new)s instead of %(old)s.",
            name=name,
            new=_points(item.cost),
            old=_points(before.cost),
        )
    if price(before) != price(item):
        yield _(
            "%(name)s is worth %(new)s instead of %(old)s.",
            name=name,
            new=price(item) or "–",
            old=price(before) or "–",
        )
    if text_in(before.description) != text_in(item.description):
        yield _("%(name)s is described anew.", name=name)
    yield from _about_picture(before, item, name)
    was, now = terms(before, old), terms(item, new)
    for term in now:
        if term not in was:
            yield _("%(name)s, new: %(limit)s", name=name, limit=term)
    for term in was:
        if term not in now:
            yield _("%(name)s, no longer: %(limit)s", name=name, limit=term)


def _about_picture(before: Item, item: Item, name: str) -> Iterator[str]:
    was, now = before.picture, item.picture
    if was == now:
        return
    if was is None:
        yield _("%(name)s has a picture.", name=name)
    elif now is None:
        yield _("%(name)s has no picture any more.", name=name)
    elif was.sha256 != now.sha256:
        yield _("%(name)s has another picture.", name=name)
    elif text_in(was.alt) != text_in(now.alt):
        yield _("The picture of %(name)s is described anew.", name=name)


def _points(amount: int) -> str:
    return plural("%(num)s point", "%(num)s points", amount, num=number(amount))


# Redemptions.


def state_name(state: str, kind: str) -> str:
    """Where a redemption is, for the member."""
    if state == "done" and kind == "voucher":
        return _("Issued")
    if state == "sent" and kind == "experience":
        return _("Booked")
    if state == "sent" and kind == "service":
        return _("Arranged")
    return {
        "ordered": _("Ordered"),
        "taken": _("Being prepared"),
        "prepared": _("Ready"),
        "sent": _("Sent"),
        "done": _("Done"),
        "cancelled": _("Cancelled"),
        "refunded": _("Points given back"),
    }[state]


def state_tone(state: str) -> str:
    """The badge's tone."""
    return {
        "ordered": "info",
        "taken": "warn",
        "prepared": "warn",
        "sent": "good",
        "done": "good",
    }.get(state, "quiet")


def step_name(step: str, kind: str) -> str:
    """What a step is called on its button."""
    if step == "send" and kind == "experience":
        return _("Booked")
    if step == "send" and kind == "service":
        return _("Arranged")
    return {
        "take": _("Take it"),
        "put_back": _("Put it back"),
        "prepare": _("Ready"),
        "send": _("Sent"),
        "finish": _("Done"),
        "cancel": _("Cancel this"),
        "refund": _("Give the points back"),
    }[step]


def move_name(kind: str) -> str:
    """What a move of stock was."""
    return {
        "received": _("Came in"),
        "corrected": _("Missing"),
        "reserved": _("Promised to a member"),
        "released": _("Free again"),
        "gone": _("Left the house"),
    }[kind]
