"""Stamp cards that members began, and the stamps on them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Moment


class MemberCard(Base):
    """One card of one member, of the kind `card` in the programme; she may fill several in turn.

    `version` is the programme's whose terms it keeps. `filled_at` is empty again once a refund took
    a stamp back. Until when it runs follows from its stamps.
    """

    __tablename__ = "stamp_card"
    __table_args__ = (UniqueConstraint("member_id", "card", "number"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    card: Mapped[str]
    number: Mapped[int]  # of her cards of this kind, from 1
    version: Mapped[int]
    begun_at: Mapped[Moment]  # when we were told of its first order
    filled_at: Mapped[Moment | None]


class Stamp(Base):
    """One order on one card; an order never stamps two cards of a kind."""

    __tablename__ = "stamp"
    __table_args__ = (UniqueConstraint("member_id", "card", "subject"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    card_id: Mapped[Id] = mapped_column(ForeignKey("stamp_card.id"), index=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    card: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)  # "order:<id>"
    fact_id: Mapped[Id]
    at: Mapped[Moment]  # when the order was paid
    given_at: Mapped[Moment]  # when we were told
    taken_back_at: Mapped[Moment | None]
    taken_back_by: Mapped[Id | None]  # the refund's fact
