from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from foundation import clock
from foundation.doors import reading, writing
from shop import uploads
from shop.models import Order, OrderImport
from tests import people
from tests.shop import files
from tests.shop.test_importing import MESSY


@pytest.fixture
def olga(app, client, settings, monkeypatch):
    """The owner, signed in; the worker looks where the site keeps its files."""
    monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
    with writing() as session:
        member_id = people.olga(session).id
    people.sign_in(client, member_id)
    return member_id


def send(client, text, **typed):
    file = (io.BytesIO(text.encode() if isinstance(text, str) else text), "my orders.csv")
    return people.submit(client, "/orders/import", file=file, **({"currency": "USD"} | typed))


def orders():
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Order))


def test_it_works(client, olga, tmp_path):
    answer = send(client, files.first_orders(tmp_path, 1_100).read_bytes())
    assert answer.status_code == 303
    assert "Refresh" in client.get(answer.location).headers
    assert uploads.run_waiting(clock.now()) == "my orders.csv is imported."
    done = client.get(answer.location)
    assert "1,100" in done.text
    assert "Refresh" not in done.headers
    assert orders() == 1_100


def test_rejected_rows_are_named_and_can_be_fetched(client, olga):
    answer = send(client, MESSY)
    uploads.run_waiting(clock.now())
    page = client.get(answer.location).text
    assert "is not an amount of money" in page
    rejected = client.get(f"{answer.location}/rejects.csv")
    assert rejected.mimetype == "text/csv"
    assert "why" in rejected.text.splitlines()[0]
    client.get("/language/zh_Hans")
    assert "不是金额" in client.get(answer.location).text  # as its reader speaks


@pytest.mark.parametrize(
    ("text", "typed", "sentence"),
    [
        ("order,customer\n1,2\n", {}, "No column says"),
        ("", {}, "The file is empty."),
        ("order,email,date,amount\n1,a@b.cd,03/04/2024,1\n", {}, "can be read in two ways"),
        ("order,email,date,amount\n1,a@b.cd,2024-01-01,1\n", {"currency": "euro"}, "currency code"),
        ("order,email,date,amount\n1,a@b.cd,2024-01-01,1\n", {"time_zone": "Mars"}, "time zone"),
    ],
)
def test_a_file_that_cannot_be_understood_comes_back_with_a_sentence(
    client, olga, settings, text, typed, sentence
):
    answer = send(client, text, **typed)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert list(uploads.folder(settings.data).iterdir()) == []


def test_columns_can_be_named(client, olga):
    text = "Nr,Kunde,Wann,Summe\n1,7,01.02.2024,10.00\n"
    columns = "order_id=Nr\ncustomer_id=Kunde\nordered_on=Wann\ntotal=Summe\n"
    assert send(client, text, columns=columns).status_code == 303
    uploads.run_waiting(clock.now())
    assert orders() == 1


def test_an_import_whose_worker_died_is_taken_up_again(client, olga):
    send(client, "order,email,date,amount\n1,a@example.com,2024-01-01,1\n")
    now = clock.now()
    with writing() as session:
        session.scalars(select(OrderImport)).one().state = "running"
    assert uploads.run_waiting(now) == "No file waits."
    assert uploads.run_waiting(now + timedelta(minutes=3)) == "my orders.csv is imported."
    assert orders() == 1


def test_only_owners_import_and_send_much(client, app, database):
    with writing() as session:
        sam = people.sam(session).id
    people.sign_in(client, sam)
    assert client.get("/orders/import").status_code == 403


def test_a_file_larger_than_other_forms_may_be_is_taken(client, olga):
    row = "{n},{n}@example.com,2024-01-01,1.00," + "x" * 400 + "\n"
    text = "order,email,date,amount,product\n" + "".join(row.format(n=n) for n in range(12_000))
    assert len(text) > 5_000_000
    assert send(client, text).status_code == 303
