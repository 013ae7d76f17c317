"""States of a referral, and who is too close to the referrer to be a friend. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

#: Every state, and those it can turn into.
STATES: dict[str, tuple[str, ...]] = {
    "lead": ("doubted", "pending", "refused"),
    "doubted": ("pending", "refused", "refunded"),
    "pending": ("released", "refunded"),
    "released": (),
    "refused": (),
    "refunded": (),
}

Place = tuple[str, str]  # the address and the browser of a sign-in


def doubt(friend: Iterable[Place], referrer: Iterable[Place]) -> str | None:
    """Why a person should look at a referral: both signed in from one place. Never a refusal.

    A household, an office or a hall of residence shares an address, so this is a question. An
    address that is not public (the house's own network, a proxy that hides its clients) is the
    same for everybody, and says nothing.
    """
    theirs = {place for place in friend if is_public(place[0])}
    ours = {place for place in referrer if is_public(place[0])}
    if theirs & ours:
        return "same_device"
    if {address for address, _ in theirs} & {address for address, _ in ours}:
        return "same_address"
    return None


def is_public(address: str) -> bool:
    """Whether an address belongs to one connection of the internet."""
    try:
        return ip_address(address).is_global
    except ValueError:
        return False
