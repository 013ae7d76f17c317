"""What the driver writes and what the session writes is one transaction, whichever came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.figures import Figures
from foundation.writing import driver_of

Act = Callable[[Session, str], object]


def by_driver(session: Session, code: str) -> object:
    return driver_of(session).execute(f"insert into commodity (code, scale) values ('{code}', 0)")


def by_session(session: Session, code: str) -> object:
    return session.execute(text("insert into commodity (code, scale) values (:c, 0)"), {"c": code})


ORDERS: list[list[Act]] = [
    [by_driver],
    [by_session],
    [by_driver, by_session],
    [by_session, by_driver],
    [by_driver, by_session, by_driver],
]


def kept() -> set[str]:
    with reading() as session:
        return set(session.scalars(text("select code from commodity"))) - {"points"}


def write(acts: list[Act], *, breaks: bool) -> None:
    with writing() as session:
        for number, act in enumerate(acts):
            act(session, f"c{number}")
        if breaks:
            raise KeyError


@pytest.mark.parametrize("acts", ORDERS)
def test_it_is_all_kept_or_none_of_it(database: Any, acts: list[Act]) -> None:
    with pytest.raises(KeyError):
        write(acts, breaks=True)
    assert kept() == set()
    write(acts, breaks=False)
    assert kept() == {f"c{number}" for number in range(len(acts))}


def test_the_session_sees_what_the_driver_wrote(database: Any) -> None:
    with writing() as session:
        by_driver(session, "seen")
        assert session.scalar(text("select scale from commodity where code = 'seen'")) == 0


def test_what_the_driver_wrote_is_kept_when_the_session_only_looked(database: Any) -> None:
    with writing() as session:
        by_driver(session, "looked")
        session.get_bind()
    assert kept() == {"looked"}


def test_a_session_goes_on_after_it_committed(database: Any) -> None:
    with writing() as session:
        by_driver(session, "first")
        by_session(session, "second")
        session.commit()
        by_driver(session, "third")
    assert kept() == {"first", "second", "third"}


@pytest.mark.parametrize("before", [[], [by_driver], [by_session]])
def test_what_is_only_added_is_kept(database: Any, now: Any, before: list[Act]) -> None:
    """Nothing is asked of the session after it: what it holds is sent when the block ends."""

    def add(name: str) -> None:
        with writing() as session:
            for act in before:
                act(session, name)
            session.add(Figures(name="x", at=now, milliseconds=1, document={}))

    add("c0")
    with pytest.raises(IntegrityError):
        add("c1")
    with reading() as session:
        assert session.scalars(text("select name from figures")).all() == ["x"]
    assert kept() == ({"c0"} if before else set())


def test_a_reader_sees_one_moment_whatever_is_written_beside_it(database: Any) -> None:
    codes = text("select code from commodity order by code")
    with reading() as session:
        before = session.scalars(codes).all()
        write([by_session], breaks=False)
        assert session.scalars(codes).all() == before
    assert kept() == {"c0"}
