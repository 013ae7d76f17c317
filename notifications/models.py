"""What members were told."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment


class Notification(Base):
    """One thing a member was told; `kind` names the notice that puts `params` into words."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_member_id_id", "member_id", "id"),
        Index("ix_notification_member_id_read_at", "member_id", "read_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str]
    category: Mapped[str]
    params: Mapped[Json]
    link: Mapped[str]  # a path on this site
    about: Mapped[str | None]  # `order:…`, `topic:…`
    created_at: Mapped[Moment]
    read_at: Mapped[Moment | None]
