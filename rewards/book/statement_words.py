"""What a statement says: each movement and each number in words.

Most commodities are earned, held, spent. Units of a seat vest instead; nothing of theirs is called
spending. What was prepaid is used, goods are handed over, perks are in force until they end.
A voucher counts its uses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from foundation.money import is_currency
from foundation.words import _, lazy, when
from rewards.commodities import FREE, GOOD, PAID, PAPER, PERK, UNITS, VOUCHERS
from rewards.rules import POINTS

#: What a movement was, by the kinds of the accounts it went from and to.
WHAT: Mapping[tuple[str, str], str] = {
    ("issued", "pending"): "granted_on_hold",
    ("issued", "available"): "granted",
    ("issued", "owed"): "granted_and_paid_off",
    ("pending", "available"): "released",
    ("pending", "owed"): "released_and_paid_off",
    ("pending", "issued"): "taken_back_on_hold",
    ("available", "redeemed"): "spent",
    ("available", "expired"): "expired",
    ("available", "clawed_back"): "taken_back",
    ("owed", "clawed_back"): "taken_back_and_owed",
    ("redeemed", "available"): "given_back",
    ("redeemed", "owed"): "given_back",
    ("expired", "available"): "restored",
    ("clawed_back", "available"): "restored",
    ("clawed_back", "owed"): "restored",
    ("available", "owed"): "paid_off",
    ("available", "issued"): "reversed",
    ("owed", "issued"): "reversed",
}
SENTENCES: Mapping[str, Any] = {
    "granted_on_hold": lazy("Granted, on hold first"),
    "granted": lazy("Granted, yours to spend at once"),
    "granted_and_paid_off": lazy("Granted, and made up for what you owed"),
    "released": lazy("Released: yours to spend"),
    "released_and_paid_off": lazy("Released, and made up for what you owed"),
    "taken_back_on_hold": lazy("Went back with a refund while it was on hold"),
    "spent": lazy("Spent"),
    "expired": lazy("Expired"),
    "taken_back": lazy("Went back with a refund"),
    "taken_back_and_owed": lazy("Went back with a refund after you had spent it: now owed"),
    "given_back": lazy("Given back to you"),
    "paid_off": lazy("Made up for what you owed"),
    "restored": lazy("Put back: it was taken by mistake"),
    "reversed": lazy("Reversed: it was granted by mistake"),
    "moved": lazy("Moved to or from another account"),
}
NAMES: Mapping[str, Any] = {
    "available": lazy("To spend"),
    "pending": lazy("On hold"),
    "spent": lazy("Spent"),
    "expired": lazy("Expired"),
    "negative": lazy("Owed"),
}
#: Where the names of points would speak of points in another language.
NAMES_OF_OTHERS: Mapping[str, Any] = {
    "available": lazy("Can be spent"),
    "negative": lazy("Still owed"),
}
#: What is drawn beside a movement that neither gives nor hands over.
ICONS: Mapping[str, str] = {
    "granted_on_hold": "clock",
    "expired": "history",
    "taken_back": "arrow-left",
    "taken_back_on_hold": "arrow-left",
    "taken_back_and_owed": "arrow-left",
    "reversed": "arrow-left",
}
#: The numbers whose changes a line shows.
SHOWN: Mapping[str, Any] = {
    "available": lazy("to spend"),
    "pending": lazy("on hold"),
    "negative": lazy("owed"),
}

#: The commodity that vests.
OF_UNITS: Mapping[str, Any] = {
    "granted_on_hold": lazy("Granted, not vested yet"),
    "granted": lazy("Granted and vested"),
    "released": lazy("Vested"),
    "taken_back_on_hold": lazy("Forfeited before it vested"),
    "spent": lazy("Settled"),
    "taken_back": lazy("Lapsed"),
}
NAMES_OF_UNITS: Mapping[str, Any] = {
    "available": lazy("Vested"),
    "pending": lazy("Not vested yet"),
    "spent": lazy("Settled"),
}
SHOWN_OF_UNITS: Mapping[str, Any] = {
    "available": lazy("vested"),
    "pending": lazy("not vested yet"),
}


#: Prepaid units, and those that came free with them.
OF_PAID: Mapping[str, Any] = {
    "granted": lazy("Prepaid with an order"),
    "spent": lazy("Used at the till"),
    "taken_back": lazy("Went back with a refund"),
}
OF_FREE: Mapping[str, Any] = {**OF_PAID, "granted": lazy("Came free with what you prepaid")}
NAMES_OF_PREPAID: Mapping[str, Any] = {"available": lazy("Left"), "spent": lazy("Used")}
SHOWN_OF_PREPAID: Mapping[str, Any] = {"available": lazy("left")}


@dataclass(frozen=True)
class Words:
    """How one commodity is spoken of, where it differs from points."""

    sentences: Mapping[str, Any]
    names: Mapping[str, Any]
    shown: Mapping[str, Any]
    accounts: Mapping[str, Any] = field(default_factory=dict)
    never: Collection[str] = ()  # numbers it has for no longer than a moment
    icon: str = "coin"


OF_POINTS = Words({}, {}, {})
OF_OTHERS = Words({}, NAMES_OF_OTHERS, {})
#: Store credit: a commodity that is a currency.
OF_CREDIT = Words(
    {
        "granted_and_paid_off": lazy("Granted, and made up for credit you owed"),
        "released_and_paid_off": lazy("Released, and made up for credit you owed"),
        "spent": lazy("Paid with store credit"),
    },
    NAMES_OF_OTHERS,
    {},
)


#: Goods, services, experiences and pre-orders that points bought.
OF_GOODS = Words(
    {
        "granted_on_hold": lazy("Ordered with your points"),
        "released": lazy("Made ready for you"),
        "spent": lazy("Handed over to you"),
        "taken_back_on_hold": lazy("Cancelled before you had it: your points are back"),
        "given_back": lazy("Refunded after you had it"),
        "taken_back": lazy("No longer counted as yours: your points are back"),
    },
    {"pending": lazy("Ordered"), "spent": lazy("Handed over")},
    {"pending": lazy("ordered"), "spent": lazy("handed over")},
    {"pending": lazy("Promised to members"), "redeemed": lazy("Handed over to members")},
    never=("available", "expired", "negative"),
    icon="box",
)
#: Perks given to single members.
OF_PERKS = Words(
    {
        "granted": lazy("Given to you"),
        "expired": lazy("Ended on its day"),
        "taken_back": lazy("Taken back"),
    },
    {"available": lazy("In force"), "expired": lazy("Ended")},
    {"available": lazy("in force")},
    {"available": lazy("In force"), "expired": lazy("Ended"), "clawed_back": lazy("Taken back")},
    never=("pending", "spent", "negative"),
    icon="gift",
)
#: Papers open to single members by name.
OF_PAPERS = Words(
    {"granted": lazy("Opened to you"), "taken_back": lazy("Closed to you")},
    {"available": lazy("Open to you")},
    {"available": lazy("open to you")},
    {"available": lazy("Open to members by name"), "clawed_back": lazy("Closed to them again")},
    never=("pending", "spent", "expired", "negative"),
    icon="leaf",
)
#: Uses of vouchers.
OF_VOUCHERS = Words(
    {
        "granted": lazy("Given to you as a voucher"),
        "spent": lazy("Used for an order"),
        "given_back": lazy("Given back: the order fell through"),
        "expired": lazy("Expired before it was used"),
        "taken_back": lazy("Went back before it was used"),
    },
    {"available": lazy("Uses left"), "spent": lazy("Used")},
    {"available": lazy("left")},
    {
        "available": lazy("Uses that members have left"),
        "redeemed": lazy("Used by members"),
        "expired": lazy("Expired before they were used"),
        "clawed_back": lazy("Went back before they were used"),
    },
    never=("pending", "negative"),
    icon="voucher",
)
#: By how the code begins.
OF_KINDS: Mapping[str, Words] = {
    PAID: Words(OF_PAID, NAMES_OF_PREPAID, SHOWN_OF_PREPAID),
    FREE: Words(OF_FREE, NAMES_OF_PREPAID, SHOWN_OF_PREPAID),
    GOOD: OF_GOODS,
    PERK: OF_PERKS,
    PAPER: OF_PAPERS,
    VOUCHERS: OF_VOUCHERS,
}
#: What stands on the accounts of a kind, to the owner.
ACCOUNTS: Mapping[str, Any] = {
    "issued": lazy("Issued by the programme"),
    "pending": lazy("On hold for members"),
    "available": lazy("Available to members"),
    "owed": lazy("Owed by members"),
    "redeemed": lazy("Spent by members"),
    "expired": lazy("Expired"),
    "clawed_back": lazy("Taken back with refunds"),
}


def words_of(commodity: str) -> Words:
    """How `commodity` is spoken of."""
    for prefix, said in OF_KINDS.items():
        if commodity.startswith(prefix):
            return said
    units = Words(OF_UNITS, NAMES_OF_UNITS, SHOWN_OF_UNITS)
    if is_currency(commodity):
        return OF_CREDIT
    return {POINTS: OF_POINTS, UNITS: units}.get(commodity, OF_OTHERS)


def what(source: str, target: str) -> str:
    """The word for machines: what a transfer between accounts of these kinds is to their owner."""
    return WHAT.get((source, target), "moved")


def sentence(what: str, commodity: str, until: datetime | None) -> str:
    """What happened, in the reader's language."""
    own = words_of(commodity).sentences
    if what in own:
        return str(own[what])
    if what == "granted_on_hold" and until:
        return _("Granted, on hold until %(day)s", day=when(until))
    return str(SENTENCES[what])


def icon(what: str, commodity: str) -> str:
    """The drawing of static/icons.svg beside a movement."""
    own = words_of(commodity).icon
    if what == "spent":
        return "voucher" if own == "coin" else own
    return ICONS.get(what, own)


def names(commodity: str) -> dict[str, str]:
    """What each of the five numbers is called, in the order in which they are shown; those that
    such a commodity never has are left out."""
    said = words_of(commodity)
    named = {**NAMES, **said.names}
    return {number: str(named[number]) for number in NAMES if number not in said.never}


def shown(commodity: str) -> dict[str, str]:
    """The numbers whose changes a line shows, and what stands behind such an amount."""
    said = words_of(commodity)
    own = {**SHOWN, **said.shown}
    return {number: str(name) for number, name in own.items() if number not in said.never}


def accounts(commodity: str) -> dict[str, str]:
    """What the accounts of each kind hold, in the owner's trial balance."""
    return {kind: str(name) for kind, name in {**ACCOUNTS, **words_of(commodity).accounts}.items()}
