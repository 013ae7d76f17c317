from __future__ import annotations

import csv
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.refusal import Refused
from foundation.rejects import guarded
from members.models import Member
from shop import import_runs, order_files
from shop.models import Order, OrderLine, Refund
from tests.shop import files, orders


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return path


def imported(path, now, **said):
    source = order_files.look_at(path, **({"currency": "USD"} | said))
    return import_runs.run(source, now, rejects=path.with_suffix(".rejects.csv"))


def rejected(path):
    with path.with_suffix(".rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def count(model):
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def order(number):
    with reading() as session:
        return session.scalars(select(Order).where(Order.number == number)).one()


def test_the_cdnow_log_comes_in_whole_and_only_once(database, now):
    first = imported(files.CDNOW, now)
    again = imported(files.CDNOW, now)
    assert (first.new, first.known, first.rejected) == (6919, 0, 0)
    assert (again.new, again.known, again.rejected) == (0, 6919, 0)
    assert count(Member) == 2357
    with reading() as session:
        assert session.scalar(select(func.sum(Order.total))) == 24_409_194
        assert session.scalar(select(func.sum(OrderLine.amount))) == 24_409_194
        paid = session.scalars(select(Fact).where(Fact.kind == "order.paid")).all()
    assert len(paid) == 6919
    assert min(fact.at for fact in paid).date().isoformat() == "1997-01-01"
    assert all(fact.recorded_at == now for fact in paid)
    assert_each_buyers_orders_are_numbered(paid)


def assert_each_buyers_orders_are_numbered(paid):
    by_member = {}
    for fact in paid:
        by_member.setdefault(fact.member_id, []).append(fact.details["number"])
    for numbers in by_member.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_a_shopify_export_with_several_rows_per_order(database, now, tmp_path):
    with writing() as session:
        orders.a_product(session, now)
    tally = imported(written(tmp_path, files.SHOPIFY, "utf-8-sig"), now)
    assert (tally.new, tally.rejected) == (3, 0), [str(p) for p in tally.problems]
    first = order("#1001")
    assert (first.total, first.status) == (4500, "shipped")
    assert first.placed_at == datetime(2024, 1, 5, 14, 12, 33, tzinfo=UTC)
    assert order("#1002").refunded_total == 400
    assert order("#1003").status == "cancelled"
    with reading() as session:
        lines = session.execute(
            select(OrderLine.title, OrderLine.quantity, OrderLine.amount, OrderLine.product_id)
            .where(OrderLine.order_id == first.id)
            .order_by(OrderLine.amount.desc())
        ).all()
        assert [tuple(line[:3]) for line in lines] == [
            ("Yunnan Black, 100 g", 2, 2800),
            ('The "big" tin', 1, 1200),
        ]
        assert lines[0].product_id is not None
        assert lines[1].product_id is None
        assert session.scalar(select(Refund.amount)) == 400
        kinds = session.scalars(select(Fact.kind).order_by(Fact.kind)).all()
    assert [kind for kind in kinds if kind.startswith("order.")] == [
        "order.cancelled",
        "order.paid",
        "order.paid",
        "order.refunded",
        "order.shipped",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_an_excel_export_with_semicolons_and_decimal_commas(database, now, tmp_path, encoding):
    path = written(tmp_path, files.EXCEL_GERMAN, encoding)
    tally = imported(path, now, currency="EUR", zone=ZoneInfo("Europe/Berlin"))
    assert (tally.new, tally.rejected) == (2, 0), [str(p) for p in tally.problems]
    assert order("A-1").total == 246_900
    assert order("A-1").placed_at == datetime(2024, 1, 31, 7, 15, tzinfo=UTC)
    with reading() as session:
        assert "Müller, Käthe" in session.scalars(select(Member.name)).all()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_a_chinese_export(database, now, tmp_path, encoding):
    path = written(tmp_path, files.TAOBAO, encoding)
    tally = imported(path, now, currency="CNY", zone=ZoneInfo("Asia/Shanghai"))
    assert (tally.new, tally.rejected) == (3, 0), [str(p) for p in tally.problems]
    assert order("202401050003").total == 106_650
    assert order("202401050003").status == "shipped"
    assert order("202401050002").total == 0
    with reading() as session:
        assert set(session.scalars(select(Member.name))) == {"王小明", "李雷"}


MESSY = """\
order_id,customer_id,ordered_on,quantity,amount
1,7,2024-01-01,1,10.00
2,7,2024-13-01,1,10.00
3,,2024-01-02,1,10.00
4,8,2024-01-03,-2,10.00
5,8,2024-01-04,1,ten
6,8,2024-01-05,1,-3.00
7,8,2024-01-06,1,10.00,too,many
,8,2024-01-07,1,10.00
8,=cmd(),2024-01-08,1,1.005
1,7,2024-01-09,1,10.00
9,8,2024-01-10,1,9999999999999999999
10,9,2024-01-11
11,9,2024-01-12,1,0.00
"""


def test_what_is_wrong_is_said_by_row_and_column_and_the_rest_comes_in(database, now, tmp_path):
    path = written(tmp_path, MESSY)
    tally = imported(path, now)
    assert (tally.new, tally.rejected) == (3, 10)
    sentences = [str(problem) for problem in tally.problems]
    for expected in (
        "Row 3, column “ordered_on”: “2024-13-01” is not a date",
        "Row 4, column “customer_id”: The customer's number or e-mail address is missing.",
        "Row 5, column “quantity”: “-2” is not a number of pieces.",
        "Row 6, column “amount”: “ten” is not an amount of money.",
        "Row 7, column “amount”: “-3.00” is below zero.",
        "Row 8: There are 7 cells under 5 headings.",
        "Row 9, column “order_id”: The order's number is missing.",
        "Row 10, column “amount”: “1.005” has more decimals than USD knows.",
        "Row 11: Order 1 stands further up already.",
        "Row 12, column “amount”: “9999999999999999999” is too large.",
    ):
        assert any(sentence.startswith(expected) for sentence in sentences), expected
    rows = rejected(path)
    assert [row["order_id"] for row in rows][:3] == ["2", "3", "4"]
    assert "is not a date" in rows[0]["why"]


def test_rejects_hold_no_formulas_and_come_back_in_once_mended(database, now, tmp_path):
    path = written(tmp_path, MESSY)
    imported(path, now)
    raw = path.with_suffix(".rejects.csv").read_text(encoding="utf-8-sig")
    assert ",'=cmd()," in raw
    mended = tmp_path / "mended.csv"
    mended.write_text(raw.replace("1.005", "1.01"), encoding="utf-8")
    assert imported(mended, now).new == 1
    with reading() as session:
        assert session.scalar(select(Member.customer_ref).where(Member.customer_ref == "=cmd()"))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_cell_that_a_spreadsheet_would_run_is_guarded(cell):
    assert guarded(cell) == f"'{cell}"
    assert guarded("plain") == "plain"


def test_a_known_order_with_other_content_is_reported_and_left_alone(database, now, tmp_path):
    head = "order_id,customer_id,ordered_on,amount\n"
    imported(written(tmp_path, head + "1,7,2024-01-01,10.00\n2,7,2024-01-01,10.00\n"), now)
    tally = imported(written(tmp_path, head + "1,7,2024-01-01,12.00\n2,8,2024-01-01,10.00\n"), now)
    assert (tally.new, tally.known, tally.rejected) == (0, 0, 2)
    assert "is known with a total of $10.00, not $12.00" in str(tally.problems[0])
    assert "another customer" in str(tally.problems[1])
    assert order("1").total == 1000


def test_a_dry_run_writes_nothing(database, now):
    source = order_files.look_at(files.CDNOW, currency="USD")
    assert import_runs.run(source, now, dry_run=True).new == 6919
    assert count(Order) == count(Member) == count(Fact) == 0


def test_a_run_that_was_broken_off_is_resumed(database, now, tmp_path):
    class Broken(Exception):
        pass

    def break_off(tally):
        if tally.new >= 1000:
            raise Broken

    source = order_files.look_at(files.first_orders(tmp_path, 1_400), currency="USD")
    with pytest.raises(Broken):
        import_runs.run(source, now, watch=break_off)
    assert count(Order) == 1000
    tally = import_runs.run(source, now)
    assert (tally.known, tally.new) == (1000, 400)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty."),
        ("just one heading\n1\n", "one cell only"),
        ("order,customer\n1,2\n", "No column says “ordered_on, amount”"),
        ("order,email,date,amount\n1,a@b.cd,03/04/2024,1\n", "can be read in two ways"),
        ("order,email,date,amount\n1,a@b.cd,soon,1\n", "is not a date we can read"),
        ("order,email,date,amount\n1,a@b.cd,2024-01-31,1\n2,a@b.cd,soon,1\n", "“soon” is not"),
    ],
)
def test_a_file_that_cannot_be_understood_gets_a_sentence(tmp_path, text, sentence):
    with pytest.raises(Refused, match=sentence):
        order_files.look_at(written(tmp_path, text), currency="USD")


def test_one_date_tells_how_all_of_them_are_written(tmp_path):
    head = "order,email,date,amount\n"
    american = head + "1,a@b.cd,03/04/2024,1\n2,a@b.cd,03/31/2024,1\n"
    source = order_files.look_at(written(tmp_path, american), currency="USD")
    assert source.manners.date_format == "%m/%d/%Y"


def test_columns_can_be_named(database, now, tmp_path):
    text = "Nr,Kunde,Wann,Summe\n1,7,2024-01-01,10.00\n"
    said = {"order_id": "Nr", "customer_id": "Kunde", "ordered_on": "Wann", "total": "Summe"}
    assert imported(written(tmp_path, text), now, said=said).new == 1
    with pytest.raises(Refused, match="has no column “Nummer”"):
        order_files.look_at(
            written(tmp_path, text), currency="USD", said=said | {"order_id": "Nummer"}
        )


def test_a_quotation_mark_never_closed_is_said_and_what_came_before_is_kept(
    database, now, tmp_path
):
    good = "".join(f"{n},7,2024-01-01,1.00\n" for n in range(3000))
    text = "order_id,customer_id,ordered_on,amount\n" + good + '3000,"7,2024\n' + good * 10
    with pytest.raises(Refused, match="Row 3002 cannot be read"):
        imported(written(tmp_path, text), now)
    assert count(Order) == 2999  # the last one may have had more rows


@pytest.mark.parametrize(
    ("text", "comma", "expected"),
    [
        ("12.50", False, 1250),
        ("1,234.5", False, 123_450),
        ("1.234,50 €", True, 123_450),
        ("$12", False, 1200),
        ("US$ 12.00", False, 1200),
        ("¥12.00", False, 1200),
        ("12.00元", False, 1200),
        ("USD 12.00", False, 1200),
        ("12.00 USD", False, 1200),
    ],
)
def test_amounts_are_read_as_people_write_them(text, comma, expected):
    assert order_files.minor(text, "USD", comma) == expected


@pytest.mark.parametrize("text", ["1O", "x5", "5x", "12.00 each", "\x1b[2Jx", "²", "1e5x"])
def test_letters_make_it_no_amount(text):
    with pytest.raises(Refused):
        order_files.minor(text, "USD")
