"""Papers: texts and files for members only, their readers, and every copy handed out."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class Paper(Base):
    """A text or a file. Whom it is for: `tier_from` and upwards, whoever wrote in `club`, and the
    rows of PaperGuest; any one of them suffices."""

    __tablename__ = "paper"

    id: Mapped[Id] = mapped_column(primary_key=True)
    title: Mapped[Json]
    body: Mapped[Json]  # Markdown by language; of a file, what is said about it
    body_html: Mapped[Json]
    markdown_version: Mapped[int]
    tier_from: Mapped[str | None]
    club: Mapped[str | None]  # its address
    is_listed: Mapped[bool]  # whether those who may not read it see its title
    opens_at: Mapped[Moment]
    closes_at: Mapped[Moment | None]
    file_name: Mapped[str | None]  # as it was sent; None for a text
    media_type: Mapped[str | None]  # as its bytes say
    size: Mapped[Number | None]
    sha256: Mapped[str | None]
    created_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]


class PaperGuest(Base):
    """A single member for whom a paper is, by an owner's word."""

    __tablename__ = "paper_guest"

    paper_id: Mapped[Id] = mapped_column(ForeignKey("paper.id"), primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]
    transfer_id: Mapped[Id | None]  # that gave its unit in the book; none while access is ended


class PaperRevocation(Base):
    """Access that ended at once, for one member or (None) for all; over when it was lifted."""

    __tablename__ = "paper_revocation"
    __table_args__ = (
        Index(
            "ix_paper_revocation_open",
            "paper_id",
            "member_id",
            sqlite_where=text("lifted_at is null"),
            postgresql_where=text("lifted_at is null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    paper_id: Mapped[Id] = mapped_column(ForeignKey("paper.id"))
    member_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str]
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]
    lifted_at: Mapped[Moment | None]
    lifted_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))


class PaperCopy(Base):
    """One reader's copy of a paper. `mark` stands on every page of it and leads back to her."""

    __tablename__ = "paper_copy"
    __table_args__ = (UniqueConstraint("paper_id", "member_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(unique=True)
    paper_id: Mapped[Id] = mapped_column(ForeignKey("paper.id"))
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    at: Mapped[Moment]


class PaperReading(Base):
    """A copy was opened for the first time, or downloaded. Append-only by trigger."""

    __tablename__ = "paper_reading"

    id: Mapped[Id] = mapped_column(primary_key=True)
    copy_id: Mapped[Id] = mapped_column(ForeignKey("paper_copy.id"), index=True)
    kind: Mapped[str]  # read, downloaded
    language: Mapped[str]
    at: Mapped[Moment]
