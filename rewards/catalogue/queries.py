"""What pages of the catalogue and of redemptions need, in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from foundation.refusal import Refused
from foundation.words import _, text_in
from members.models import Member
from rewards import programme
from rewards.catalogue import finding, stock
from rewards.catalogue.items import Item, moment_of
from rewards.catalogue.models import Redemption, RedemptionStep, StockMovement, VoucherUse
from rewards.catalogue.redemption_rules import OPEN, OVER, may_cancel, possible
from rewards.catalogue.stock import Level
from rewards.commodities import GOOD, key_in
from rewards.models import Voucher

#: What the staff's queue shows under each of its tabs.
SHOWS = ("waiting", "mine", "others", "done")


@dataclass(frozen=True)
class Line:
    """A redemption in a list."""

    id: str
    item: Item | None
    key: str
    kind: str
    cost: int
    state: str
    occasion: datetime | None
    at: datetime
    name: str  # of the member
    handle: str
    taken_by: str | None

    @property
    def title(self) -> str:
        return text_in(self.item.name) if self.item else self.key


@dataclass(frozen=True)
class StepLine:
    """One step, with the name of who took it."""

    step: str
    state: str
    by: str
    text: str
    at: datetime


@dataclass(frozen=True)
class RedemptionPage:
    """One redemption with everything that happened to it."""

    redemption: Redemption
    line: Line
    member: Member
    steps: Sequence[StepLine]
    voucher: Voucher | None
    uses: Sequence[VoucherUse]
    at: datetime

    @property
    def may_cancel(self) -> bool:
        """Whether the member herself may still cancel it."""
        is_whole = self.voucher is None or self.voucher.is_whole(self.at)
        return is_whole and may_cancel(self.redemption.kind, self.redemption.state)

    @property
    def possible(self) -> list[str]:
        """The steps that staff may take now."""
        if self.redemption.kind == "voucher":
            return ["refund"] if self.may_cancel else []
        return possible(self.redemption.state)


@dataclass(frozen=True)
class Counted:
    """An item whose stock is counted, with its dates and their levels."""

    key: str
    item: Item | None  # as the programme in force has it, else the draft
    name: dict[str, str]
    is_offered: bool
    rows: Sequence[tuple[str, datetime | None, Level]]


def of_member(
    session: Session, member_id: str, cursor: str | None = None, size: int = 20
) -> Page[Line]:
    """What a member redeemed, newest first."""
    statement = _lines().where(Redemption.member_id == member_id)
    return _page(session, statement, cursor, "/me/redemptions", size=size)


def on_the_way(session: Session, member_id: str) -> Sequence[Line]:
    """What a member ordered and does not have yet."""
    statement = _lines().where(Redemption.member_id == member_id, Redemption.state.not_in(OVER))
    return _page(session, statement, None, "").rows


def queue(session: Session, show: str, staff_id: str, kind: str, cursor: str | None) -> Page[Line]:
    """A tab of the staff's queue: what waits and is in work oldest first, what is done newest."""
    statement = _lines().where(*_shown(show, staff_id))
    if kind:
        statement = statement.where(Redemption.kind == kind)
    path = "/redemptions?" + urlencode({"show": show} | ({"kind": kind} if kind else {}))
    return _page(session, statement, cursor, path, descending=show == "done")


def queue_counts(session: Session, staff_id: str) -> dict[str, int]:
    """How many stand under each tab where there is still something to do."""
    return {
        show: session.scalar(
            select(func.count()).select_from(Redemption).where(*_shown(show, staff_id))
        )
        or 0
        for show in ("waiting", "mine", "others")
    }


def next_waiting(session: Session) -> str | None:
    """What has waited longest."""
    query = select(Redemption.id).where(*_shown("waiting", "")).order_by(Redemption.id).limit(1)
    return session.scalar(query)


def _shown(show: str, staff_id: str) -> list[Any]:
    if show == "mine":
        return [Redemption.taken_by == staff_id, Redemption.state.in_(OPEN)]
    if show == "others":
        return [Redemption.taken_by != staff_id, Redemption.state.in_(OPEN)]
    if show == "done":
        return [Redemption.state.in_(OVER), Redemption.kind != "voucher"]
    return [Redemption.state == "ordered"]


def one(
    session: Session, redemption_id: str, now: datetime, member_id: str | None = None
) -> RedemptionPage:
    """One redemption, with `member_id` only if it is hers; Refused (404) else."""
    redemption = finding.read(session, redemption_id, member_id)
    lines = _page(session, _lines().where(Redemption.id == redemption_id), None, "").rows
    steps = session.execute(
        select(
            RedemptionStep.step,
            RedemptionStep.state,
            Member.name,
            RedemptionStep.text,
            RedemptionStep.at,
        )
        .join(Member, Member.id == RedemptionStep.by_id)
        .where(RedemptionStep.redemption_id == redemption_id)
        .order_by(RedemptionStep.at)
    )
    about = f"redemption:{redemption_id}"
    voucher = session.scalars(select(Voucher).where(Voucher.about == about)).first()
    return RedemptionPage(
        redemption=redemption,
        line=lines[0],
        member=session.get_one(Member, redemption.member_id),
        steps=[StepLine(*row) for row in steps],
        voucher=voucher,
        uses=uses_of(session, [voucher]).get(voucher.id, []) if voucher else [],
        at=now,
    )


def uses_of(session: Session, vouchers: Iterable[Voucher]) -> dict[str, list[VoucherUse]]:
    """The uses that stand of each voucher, oldest first."""
    found: dict[str, list[VoucherUse]] = {}
    ids = [voucher.id for voucher in vouchers]
    for use in session.scalars(
        select(VoucherUse)
        .where(VoucherUse.voucher_id.in_(ids), VoucherUse.released_at.is_(None))
        .order_by(VoucherUse.id)
    ):
        found.setdefault(use.voucher_id, []).append(use)
    return found


def titles(session: Session, redemption_ids: Iterable[str]) -> dict[str, str]:
    """What was redeemed, in the reader's language, by redemption."""
    rows = session.execute(
        select(Redemption.id, Redemption.version, Redemption.item).where(
            Redemption.id.in_(list(redemption_ids))
        )
    ).all()
    items = _items(session, {(version, key) for _id, version, key in rows})
    return {
        redemption_id: text_in(item.name) if (item := items.get((version, key))) else key
        for redemption_id, version, key in rows
    }


def names(session: Session, commodities: Iterable[str]) -> dict[str, str]:
    """What goods are called in the book, by commodity: as they are now, or were redeemed last."""
    keys = {code: key for code in commodities if (key := key_in(code, GOOD)) is not None}
    version = programme.latest(session) if keys else None
    found = {}
    for code, key in keys.items():
        item = (version.rules.item(key) if version else None) or _redeemed_last(session, key)
        if item is not None:
            found[code] = _("%(item)s (from the catalogue)", item=text_in(item.name))
    return found


def _redeemed_last(session: Session, key: str) -> Item | None:
    """An item as the version has it under which it was redeemed last."""
    number = session.scalar(
        select(Redemption.version)
        .where(Redemption.item == key)
        .order_by(Redemption.id.desc())
        .limit(1)
    )
    return _items(session, {(number, key)}).get((number, key)) if number is not None else None


def value_promised(session: Session, commodity: str) -> dict[str, int]:
    """Minor units by currency that goods are worth which members ordered and do not have yet."""
    key, found = key_in(commodity, GOOD), dict[str, int]()
    if key is None:
        return found
    rows = session.execute(
        select(Redemption.version, func.count())
        .where(Redemption.item == key, Redemption.state.not_in(OVER))
        .where(Redemption.unit_id.is_not(None), Redemption.handed_over_id.is_(None))
        .group_by(Redemption.version)
    ).all()
    items = _items(session, {(version, key) for version, _count in rows})
    for version, count in rows:
        item = items.get((version, key))
        if item is not None and item.value:
            found[item.currency] = found.get(item.currency, 0) + item.value * count
    return found


def counted(session: Session) -> list[Counted]:
    """Every item whose stock is counted, in force or in the draft, and what is left of others."""
    latest, draft = programme.latest(session), programme.draft(session)
    offered = {item.key: item for item in latest.rules.catalogue} if latest else {}
    drafted = {item.key: item for item in draft.rules.catalogue} if draft else {}
    wanted = {key: item for key, item in (drafted | offered).items() if item.counted}
    levels = stock.levels(session)
    names: dict[str, list[str]] = {key: list(item.occasions) for key, item in wanted.items()}
    for key, name in levels:
        if name not in names.setdefault(key, []):
            names[key].append(name)
    return [
        Counted(
            key,
            wanted.get(key),
            dict(wanted[key].name) if key in wanted else {"en": key},
            key in offered,
            [(name, moment_of(name), levels.get((key, name), Level())) for name in sorted(each)],
        )
        for key, each in names.items()
    ]


def refuse_uncounted(session: Session, key: str, occasion: str) -> None:
    """Refused when nothing of that name is counted."""
    known = {(each.key, name) for each in counted(session) for name, _at, _level in each.rows}
    if (key, occasion) not in known:
        raise Refused(
            "Nothing of this name is counted. Reload the page.", code="uncounted", status=404
        )


def movements(session: Session, cursor: str | None) -> Page[Any]:
    """Every move of stock, newest first, with who caused it."""
    statement: Any = select(
        StockMovement.id,
        StockMovement.item,
        StockMovement.occasion,
        StockMovement.kind,
        StockMovement.on_hand,
        StockMovement.reserved,
        StockMovement.note,
        StockMovement.at,
        StockMovement.redemption_id,
        Member.name,
    ).join(Member, Member.id == StockMovement.by_id)
    return read_page(session, statement, StockMovement.id, cursor=cursor, path="/programme/stock")


def _lines() -> Any:
    taker = aliased(Member)
    return (
        select(
            Redemption.id,
            Redemption.version,
            Redemption.item,
            Redemption.kind,
            Redemption.cost,
            Redemption.state,
            Redemption.occasion,
            Redemption.at,
            Member.name,
            Member.handle,
            taker.name.label("taken_by"),
        )
        .join(Member, Member.id == Redemption.member_id)
        .outerjoin(taker, taker.id == Redemption.taken_by)
    )


def _page(
    session: Session,
    statement: Any,
    cursor: str | None,
    path: str,
    *,
    descending: bool = True,
    size: int = 20,
) -> Page[Line]:
    found = read_page(
        session,
        statement,
        Redemption.id,
        cursor=cursor,
        size=size,
        descending=descending,
        path=path,
    )
    items = _items(session, {(row.version, row.item) for row in found.rows})
    lines = [
        Line(
            row.id,
            items.get((row.version, row.item)),
            row.item,
            row.kind,
            row.cost,
            row.state,
            moment_of(row.occasion),
            row.at,
            row.name,
            row.handle,
            row.taken_by,
        )
        for row in found.rows
    ]
    return Page(lines, found.next, found.previous)


def _items(session: Session, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], Item]:
    """Items as the version they were redeemed under has them."""
    known = programme.numbered(session, (number for number, _key in wanted))
    return {
        (number, item.key): item
        for number, version in known.items()
        for item in version.rules.catalogue
    }
