"""The tables of the log. Only this room touches them."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, BigNumber, Id, Moment
from transparency import tree
from transparency.canonical import canonical, moment_text

Hash = Annotated[bytes, mapped_column(LargeBinary(tree.HASH_SIZE))]


class Leaf(Base):
    """One line of the log. Append-only; refers to nothing, for what it tells of may be erased."""

    __tablename__ = "log_leaf"
    __table_args__ = (
        CheckConstraint('"index" >= 0', name="index"),
        Index(None, "subject", "index"),
    )

    index: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200))
    at: Mapped[Moment]
    commitment: Mapped[Hash]  # sha256(salt, canonical content)
    hash: Mapped[Hash]  # tree.leaf_hash(data)

    @property
    def data(self) -> bytes:
        """What is hashed: the canonical JSON of the four things that the leaf says."""
        return canonical(
            {
                "event": self.event,
                "subject": self.subject,
                "at": moment_text(self.at),
                "commitment": self.commitment.hex(),
            }
        )


class LogNode(Base):
    """The hash of a complete subtree above the leaves. Append-only."""

    __tablename__ = "log_node"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    hash: Mapped[Hash]


class LogHead(Base):
    """How far the log has come: one row, locked by whoever appends."""

    __tablename__ = "log_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigNumber)
    root: Mapped[Hash]


class LogSalt(Base):
    """What opens a commitment, and whom its receipt went to. Erased together with the text."""

    __tablename__ = "log_salt"

    leaf_index: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(String(200), index=True)
    author_id: Mapped[Id | None] = mapped_column(index=True)
    salt: Mapped[Hash]


class Checkpoint(Base):
    """A root written down, so that a later log can be held against it. Append-only."""

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=False)
    root: Mapped[Hash]
    at: Mapped[Moment]
