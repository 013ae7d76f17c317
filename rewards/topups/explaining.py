"""Top-up offers in plain words, in the reader's language, from the data that they run on."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.words import _, number, plural, text_in
from foundation.words import sentences as joined
from rewards.commodities import FREE
from rewards.rules import Programme
from rewards.topups.rules import TopUp


def in_short(units: int, every: int, free: int) -> str:
    """The offer in a few words: “9 + 1 free”, “1 free for every 5”."""
    if units == every:
        return _("%(paid)s + %(free)s free", paid=number(units), free=number(free))
    return _("%(free)s free for every %(every)s", free=number(free), every=number(every))


def sentences(offer: TopUp) -> list[str]:
    """What the offer gives and how long it is good, a sentence each."""
    return [*_gives(offer), *_lasts(offer)]


def _gives(offer: TopUp) -> Iterator[str]:
    if offer.units == offer.every:
        yield _(
            "Each one you buy is %(paid)s prepaid and %(free)s free on top.",
            paid=number(offer.units),
            free=number(offer.free),
        )
        return
    if offer.units > 1:
        yield _("Each one you buy is %(paid)s prepaid.", paid=number(offer.units))
    yield plural(
        "For every %(every)s prepaid in one order, %(num)s more comes free.",
        "For every %(every)s prepaid in one order, %(num)s more come free.",
        offer.free,
        every=number(offer.every),
    )


def _lasts(offer: TopUp) -> Iterator[str]:
    if offer.free_days is None:
        yield _("Neither what you paid for nor what is free expires.")
        yield _("What you paid for is used first, what is free last.")
        return
    yield plural(
        "What you paid for never expires. What is free does after %(num)s day, and is used first.",
        "What you paid for never expires. What is free does after %(num)s days, and is used first.",
        offer.free_days,
    )


def common() -> list[str]:
    """What holds for every offer."""
    return [
        _("One is taken off when you show your code at the till; you are told each time."),
        _(
            "When money for the order is given back, it counts for the order’s other goods first."
            " Then what you have not used goes back: what was paid for by that money, and what"
            " would not have been free without it. What you have used is never asked back."
        ),
        _("What you bought stays good when the offer changes or ends."),
    ]


def changes(old: Programme, new: Programme) -> Iterator[str]:
    """What `new` changes about the top-up offers of `old`, a sentence each."""
    for offer in new.topups:
        before = old.topup(offer.key)
        if before is None:
            yield _("New offer %(name)s: %(what)s", name=text_in(offer.name), what=_whole(offer))
        elif before != offer and _said(before) != _said(offer):
            yield _("%(name)s is now: %(what)s", name=text_in(offer.name), what=_whole(offer))
    for offer in old.topups:
        if new.topup(offer.key) is None:
            yield _(
                "The offer %(name)s is gone. What was bought by it stays good.",
                name=text_in(offer.name),
            )


def _said(offer: TopUp) -> tuple[str, str]:
    return text_in(offer.name), _whole(offer)


def _whole(offer: TopUp) -> str:
    """What one is, where it is bought, and all its sentences."""
    bought = _(
        "“%(unit)s”, bought as %(product)s.", unit=text_in(offer.unit), product=offer.product
    )
    return joined([bought, *sentences(offer)])


def name_of(commodity: str, offer: TopUp) -> str:
    """What the units of an offer are called in the book."""
    name = text_in(offer.name)
    if commodity.startswith(FREE):
        return _("%(offer)s (free)", offer=name)
    return _("%(offer)s (prepaid)", offer=name)
