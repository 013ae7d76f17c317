"""Full-text search that works in Chinese and English: FTS5 on SQLite, tsvector on PostgreSQL.

Runs of Han, kana and Hangul are indexed as overlapping pairs plus their last character, and asked
for as a phrase of pairs without it; so two-character words are found on both back ends. Words
otherwise. Newest first: ranking by relevance over common words costs a hundred milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import UniqueConstraint, bindparam, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation.tables import Base, BigNumber, Moment, UtcMoment

CJK = re.compile(
    "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003134f]+)"
)
WORD = re.compile(r"\w+")


class Document(Base):
    """What can be found. Its words stand in `search_words` (FTS5) or in a tsvector column."""

    __tablename__ = "search_document"
    __table_args__ = (UniqueConstraint("kind", "ref"),)

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    ref: Mapped[str]
    title: Mapped[str]
    excerpt: Mapped[str]
    at: Mapped[Moment] = mapped_column(index=True)


@dataclass(frozen=True)
class Hit:
    """One thing found; `ref` is what its room gave to `index`."""

    id: int
    kind: str
    ref: str
    title: str
    excerpt: str
    at: datetime


def index(session: Session, kind: str, ref: str, title: str, body: str, now: datetime) -> None:
    """Make a text findable, or replace what was findable under the same kind and ref."""
    forget(session, kind, ref)
    words = " ".join(_index_words(f"{title} {body}"))
    values = {"kind": kind, "ref": ref, "title": title, "excerpt": body[:300], "words": words}
    if _on_postgresql(session):
        session.execute(_INSERT_PG, values | {"at": now})
        return
    row = session.execute(_INSERT_SQLITE, values | {"at": now}).scalar_one()
    session.execute(
        text("insert into search_words(rowid, words) values (:id, :words)"),
        {"id": row, "words": words},
    )


def forget(session: Session, kind: str, ref: str) -> None:
    """Make a text unfindable (withdrawn or erased)."""
    where = {"kind": kind, "ref": ref}
    if not _on_postgresql(session):
        session.execute(
            text(
                "delete from search_words where rowid in"
                " (select id from search_document where kind = :kind and ref = :ref)"
            ),
            where,
        )
    session.execute(text("delete from search_document where kind = :kind and ref = :ref"), where)


def find(
    session: Session,
    query: str,
    *,
    kinds: Sequence[str] = (),
    limit: int = 20,
    before: int | None = None,
) -> list[Hit]:
    """Texts holding every word of `query`, newest first; `before` is the last hit's id."""
    terms = list(_query_terms(query))
    if not terms:
        return []
    on_postgresql = _on_postgresql(session)
    match = _tsquery(terms) if on_postgresql else _fts5(terms)
    conditions = " and d.kind in :kinds" if kinds else ""
    conditions += " and d.id < :before" if before else ""
    statement = text((_FIND_PG if on_postgresql else _FIND_SQLITE) % conditions)
    if kinds:
        statement = statement.bindparams(bindparam("kinds", expanding=True))
    params = {"match": match, "kinds": list(kinds), "before": before, "limit": limit}
    used = {name: params[name] for name in params if f":{name}" in statement.text}
    typed = statement.columns(
        Document.id, Document.kind, Document.ref, Document.title, Document.excerpt, Document.at
    )
    return [Hit(*row) for row in session.execute(typed, used)]


_INSERT_SQLITE = text(
    "insert into search_document(kind, ref, title, excerpt, at)"
    " values (:kind, :ref, :title, :excerpt, :at) returning id"
).bindparams(bindparam("at", type_=UtcMoment()))
_INSERT_PG = text(
    "insert into search_document(kind, ref, title, excerpt, at, words)"
    " values (:kind, :ref, :title, :excerpt, :at, to_tsvector('simple', :words))"
).bindparams(bindparam("at", type_=UtcMoment()))
_FIND_SQLITE = (
    "select d.id, d.kind, d.ref, d.title, d.excerpt, d.at from search_document d"
    " where d.id in (select rowid from search_words where search_words match :match)%s"
    " order by d.id desc limit :limit"
)
_FIND_PG = (
    "select d.id, d.kind, d.ref, d.title, d.excerpt, d.at from search_document d"
    " where d.words @@ to_tsquery('simple', :match)%s order by d.id desc limit :limit"
)


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _plain(words: str) -> str:
    """Lower case, full-width forms folded, accents dropped: café is found as cafe."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", words).lower())
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", kept)


def _index_words(words: str) -> Iterator[str]:
    for part in CJK.split(_plain(words)):
        if CJK.fullmatch(part):
            yield from _pairs(part)
            yield part[-1]
        else:
            yield from WORD.findall(part)


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _query_terms(query: str) -> Iterator[list[str]]:
    """Each term is a phrase; a lone character stands as itself and matches as a prefix."""
    for part in CJK.split(_plain(query)[:200]):
        if CJK.fullmatch(part):
            yield _pairs(part) or [part]
        else:
            yield from ([word] for word in WORD.findall(part))


def _fts5(terms: list[list[str]]) -> str:
    return " AND ".join(
        f'"{term[0]}"*' if len(term) == 1 else '"' + " ".join(term) + '"' for term in terms
    )


def _tsquery(terms: list[list[str]]) -> str:
    return " & ".join(
        f"'{term[0]}':*" if len(term) == 1 else "(" + " <-> ".join(f"'{p}'" for p in term) + ")"
        for term in terms
    )
