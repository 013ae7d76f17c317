"""What was acknowledged."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Moment


class Acknowledgement(Base):
    """One fact answered by one rule, once. Append-only."""

    __tablename__ = "acknowledgement"
    __table_args__ = (UniqueConstraint("fact_id", "rule"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    fact_id: Mapped[Id]
    rule: Mapped[str] = mapped_column(index=True)
    at: Mapped[Moment]
