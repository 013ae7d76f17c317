"""The catalogue as a member meets it: what she may have now, and if not, why and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import words
from foundation.refusal import Refused
from foundation.words import text_in
from ledger import statements
from rewards import programme
from rewards.catalogue import stock
from rewards.catalogue.items import Item, moment_of, occasion
from rewards.catalogue.models import Redemption
from rewards.catalogue.stock import Level
from rewards.programme import Version
from rewards.rules import POINTS, Programme
from rewards.standing import tiers


@dataclass(frozen=True)
class Place:
    """A date of an experience, and how many places are left (None: they are not counted)."""

    occasion: str
    at: datetime
    left: int | None


@dataclass(frozen=True)
class Offer:
    """An item with what a reader needs to know of it now. `hindrance` says why not, if not."""

    item: Item
    left: int | None  # over all dates; None when it is not counted
    places: tuple[Place, ...]
    missing: int  # points she still lacks
    hindrance: Refused | None

    @property
    def is_open(self) -> bool:
        return self.hindrance is None and self.missing == 0


@dataclass(frozen=True)
class Shopper:
    """What the terms ask of a member: her points, her tier, and what she had so far."""

    available: int
    tier: str
    had: dict[str, int]


def offers(session: Session, rules: Programme, member_id: str | None, now: datetime) -> list[Offer]:
    """Every item, in the catalogue's order; for a visitor only the stock can be in the way."""
    keys = [item.key for item in rules.catalogue]
    levels = stock.levels(session, keys)
    shopper = _shopper(session, rules, member_id, now) if member_id else None
    return [offer(rules, item, levels, shopper, now) for item in rules.catalogue]


def offered(
    session: Session, key: str, member_id: str, now: datetime
) -> tuple[Version, Offer, int]:
    """One item for a member, with the version it belongs to and the points she can spend.

    Refused (404) when the programme in force has no such item.
    """
    version = programme.latest(session)
    item = version.rules.item(key) if version else None
    if version is None or item is None:
        raise Refused(
            "The catalogue no longer has this. Reload the page and choose again.",
            code="unknown_item",
            status=404,
        )
    shopper = _shopper(session, version.rules, member_id, now)
    levels = stock.levels(session, [key])
    return version, offer(version.rules, item, levels, shopper, now), shopper.available


def offer(
    rules: Programme,
    item: Item,
    levels: dict[tuple[str, str], Level],
    shopper: Shopper | None,
    now: datetime,
) -> Offer:
    """One item for one reader."""
    places = tuple(
        Place(occasion(at), at, levels.get((item.key, occasion(at)), Level()).free)
        if item.counted
        else Place(occasion(at), at, None)
        for at in item.dates
        if at > now
    )
    left = _left(item, places, levels)
    in_the_way = hindrance(rules, item, shopper, now) if shopper else None
    if in_the_way is None and left == 0:
        in_the_way = Refused("None is left at the moment.", code="out_of_stock")
    if in_the_way is None and item.dates and not places:
        in_the_way = Refused("All its dates are over.", code="past")
    missing = max(item.cost - shopper.available, 0) if shopper else 0
    return Offer(item, left, places, missing, in_the_way)


def hindrance(rules: Programme, item: Item, shopper: Shopper, now: datetime) -> Refused | None:
    """Which of the item's terms keeps her from having it now; None when none does."""
    today = now.date()
    if item.available_until is not None and today > item.available_until:
        return Refused(
            "This could be had until %(day)s.", code="over", day=words.when(item.available_until)
        )
    if item.available_from is not None and today < item.available_from:
        return Refused(
            "This can be had from %(day)s.", code="not_yet", day=words.when(item.available_from)
        )
    if item.tier is not None and not _reaches(rules, shopper.tier, item.tier):
        return Refused(
            "This is for members from the tier %(tier)s.",
            code="tier",
            tier=_tier_name(rules, item.tier),
        )
    if item.limit is not None and shopper.had.get(item.key, 0) >= item.limit:
        return _beyond_limit(item.limit)
    return None


def refuse_terms(
    session: Session, rules: Programme, item: Item, member_id: str, now: datetime
) -> None:
    """Refused when a term keeps the member from having the item now; the limit is asked later."""
    shopper = _shopper(session, rules, member_id, now)
    free_of_limit = Shopper(shopper.available, shopper.tier, {})
    if (in_the_way := hindrance(rules, item, free_of_limit, now)) is not None:
        raise in_the_way


def refuse_beyond_limit(session: Session, item: Item, member_id: str) -> None:
    """Refused when she has had more of the item than its limit, the present one counted."""
    if item.limit is not None and _had(session, member_id).get(item.key, 0) > item.limit:
        raise _beyond_limit(item.limit)


def is_over(name: str, now: datetime) -> bool:
    """Whether the date of that name has passed."""
    moment = moment_of(name)
    return moment is not None and moment <= now


def _beyond_limit(limit: int) -> Refused:
    if limit == 1:
        return Refused("Everybody can have this once, and you have had it.", code="limit")
    return Refused(
        "Everybody can have this %(limit)s times, and you have had them.", code="limit", limit=limit
    )


def _reaches(rules: Programme, mine: str, wanted: str) -> bool:
    keys = [tier.key for tier in rules.tiers]
    return wanted not in keys or (mine in keys and keys.index(mine) >= keys.index(wanted))


def _tier_name(rules: Programme, key: str) -> str:
    tier = rules.tier(key)
    return text_in(tier.name) if tier else key


def _left(item: Item, places: tuple[Place, ...], levels: dict[tuple[str, str], Any]) -> int | None:
    if not item.counted:
        return None
    if item.dates:
        return sum(place.left or 0 for place in places)
    return int(levels.get((item.key, ""), Level()).free)


def _shopper(session: Session, rules: Programme, member_id: str, now: datetime) -> Shopper:
    return Shopper(
        available=statements.balances(session, member_id, POINTS).available,
        tier=tiers.standing(session, member_id, rules, now).tier.key,
        had=_had(session, member_id),
    )


def _had(session: Session, member_id: str) -> dict[str, int]:
    """How often the member had each item; what was cancelled or refunded counts as not had."""
    rows = session.execute(
        select(Redemption.item, func.count())
        .where(
            Redemption.member_id == member_id, Redemption.state.not_in(("cancelled", "refunded"))
        )
        .group_by(Redemption.item)
    )
    return {item: int(times) for item, times in rows}
