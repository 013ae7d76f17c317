"""What the pages show: a member's referrals, all of them for the staff, a friend's inviter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from foundation.words import lazy
from members.models import Member
from referral import statuses
from referral.models import Click, ClickCount, Code, Referral, Step

Friend = aliased(Member)
Referrer = aliased(Member)


@dataclass(frozen=True)
class Row:
    """A referral as it is listed."""

    id: str
    state: str
    friend: str
    friend_handle: str
    referrer: str
    referrer_handle: str
    channel: str
    clicked_at: datetime
    joined_at: datetime
    purchased_at: datetime | None
    release_at: datetime | None
    total: int | None
    currency: str | None
    refunded_total: int
    reason: str | None

    @property
    def status(self) -> statuses.Status:
        return statuses.of(self.state, is_returned=self.is_returned)

    @property
    def is_returned(self) -> bool:
        """Whether all of the friend's first order was given back."""
        return 0 < (self.total or 0) <= self.refunded_total

    @property
    def channel_name(self) -> Any:
        return CHANNELS.get(self.channel, self.channel)

    @property
    def why(self) -> str:
        """The sentence that explains the state to the referrer."""
        return statuses.explain(
            self.state,
            friend=self.friend,
            reason=self.reason,
            bought=self.purchased_at,
            release=self.release_at,
            is_partly_refunded=0 < self.refunded_total < (self.total or 0),
            is_returned=self.is_returned,
        )


@dataclass(frozen=True)
class Counts:
    """What came of a member's links, all channels and codes together."""

    clicks: int
    joined: int
    bought: int
    released: int


#: Words for the channels of rules.CHANNELS.
CHANNELS: dict[str, Any] = {
    "link": lazy("Link"),
    "qr": lazy("QR code"),
    "mail": lazy("E-mail"),
    "whatsapp": "WhatsApp",
    "x": "X",
    "line": "LINE",
    "weibo": lazy("Weibo"),
    "wechat": lazy("WeChat"),
    "facebook": "Facebook",
    "other": lazy("Elsewhere"),
}


def of_member(session: Session, member_id: str, cursor: str | None) -> Page[Row]:
    """A page of the referrals a member made, newest first."""
    mine = _rows().where(Referral.referrer_id == member_id)
    return read_page(session, mine, Referral.id, cursor=cursor, make=_row, path="/me/referrals")


def everybody(session: Session, state: str | None, cursor: str | None) -> Page[Row]:
    """A page of all referrals, or of those in one state, newest first."""
    known = state if state in statuses.STATUSES else None
    statement = _rows().where(Referral.state == known) if known else _rows()
    path = f"/referrals?state={known}" if known else "/referrals"
    return read_page(session, statement, Referral.id, cursor=cursor, make=_row, path=path)


def states(session: Session) -> dict[str, int]:
    """How many referrals stand in each state."""
    found: dict[str, int] = dict.fromkeys(statuses.STATUSES, 0)
    for state, count in session.execute(
        select(Referral.state, func.count()).group_by(Referral.state)
    ):
        found[state] = count
    return found


def counts(session: Session, member_id: str) -> Counts:
    """Clicks, joins, purchases, and releases that were not given back afterwards, of a member."""
    is_kept = or_(Referral.refunded_total == 0, Referral.refunded_total < Referral.total)
    clicks = session.scalar(
        select(func.coalesce(func.sum(ClickCount.clicks), 0))
        .join(Code, Code.code == ClickCount.code)
        .where(Code.member_id == member_id)
    )
    joined, bought, released = session.execute(
        select(
            func.count(),
            func.count(Referral.purchased_at),
            func.count().filter(Referral.state == "released", is_kept),
        ).where(Referral.referrer_id == member_id)
    ).one()
    return Counts(int(clicks or 0), joined, bought, released)


def clicks_by_channel(session: Session, member_id: str) -> list[tuple[Any, int]]:
    """(channel in words, clicks), most first."""
    clicks = func.sum(ClickCount.clicks)
    rows = session.execute(
        select(ClickCount.channel, clicks)
        .join(Code, Code.code == ClickCount.code)
        .where(Code.member_id == member_id)
        .group_by(ClickCount.channel)
        .order_by(clicks.desc(), ClickCount.channel)
    )
    return [(CHANNELS.get(channel, channel), int(count)) for channel, count in rows]


@dataclass(frozen=True)
class Inviter:
    """Who a friend was sent by, and by which channel as far as it is asked."""

    member_id: str
    name: str
    channel: str | None = None


def inviter(session: Session, code: str) -> Inviter | None:
    """The member behind a code, by the name she chose to show."""
    row = session.execute(select(Code.member_id, Code.shown_as).where(Code.code == code)).first()
    return Inviter(row.member_id, row.shown_as) if row else None


def waiting_for(session: Session, member_id: str) -> Inviter | None:
    """Who brought this member, as long as her first order is awaited."""
    row = session.execute(
        select(Referral.referrer_id, Code.shown_as, Referral.channel)
        .join(Code, Code.code == Referral.code)
        .where(Referral.friend_id == member_id, Referral.state == "lead")
    ).first()
    return Inviter(row.referrer_id, row.shown_as, row.channel) if row else None


def audit(session: Session) -> list[str]:
    """What is wrong with the books of this room: counts against clicks, states against steps."""
    counted = dict(
        session.execute(
            select(ClickCount.code, func.sum(ClickCount.clicks)).group_by(ClickCount.code)
        ).all()
    )
    clicked = dict(session.execute(select(Click.code, func.count()).group_by(Click.code)).all())
    findings = [
        f"{code}: {counted.get(code, 0)} clicks counted, {clicked.get(code, 0)} written"
        for code in sorted(counted.keys() | clicked.keys())
        if counted.get(code, 0) != clicked.get(code, 0)
    ]
    rows = session.execute(select(Referral.id, Referral.state, _newest_step(Step.state)))
    findings += [
        f"referral {each}: is {state}, its newest step says {step}"
        for each, state, step in rows
        if state != step
    ]
    return findings


def _newest_step(column: Any) -> Any:
    return (
        select(column)
        .where(Step.referral_id == Referral.id)
        .order_by(Step.id.desc())
        .limit(1)
        .correlate(Referral)
        .scalar_subquery()
    )


def _rows() -> Any:
    return (
        select(
            Referral.id,
            Referral.state,
            Friend.name.label("friend"),
            Friend.handle.label("friend_handle"),
            Referrer.name.label("referrer"),
            Referrer.handle.label("referrer_handle"),
            Referral.channel,
            Referral.clicked_at,
            Referral.joined_at,
            Referral.purchased_at,
            Referral.release_at,
            Referral.total,
            Referral.currency,
            Referral.refunded_total,
            _newest_step(Step.reason).label("reason"),
        )
        .join(Friend, Friend.id == Referral.friend_id)
        .join(Referrer, Referrer.id == Referral.referrer_id)
    )


def _row(row: Any) -> Row:
    return Row(**row._mapping)
