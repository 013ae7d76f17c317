"""Reading orders out of a table: rows of one order side by side become its lines.

Nothing here knows the database. An order that cannot be read comes out with its problems, each
with row, column and a sentence that says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from foundation import tabular
from foundation.money import LARGEST, exponent, is_currency, parse_amount
from foundation.refusal import Refused
from foundation.rejects import Problem, unguarded
from shop import columns, manners
from shop.columns import Columns
from shop.manners import Manners
from shop.ordering import LineDraft

#: What shops call the states of an order; ours is the key.
CALLED: Mapping[str, str] = {
    "placed": "placed, pending, unpaid, open, on hold, authorized, 待付款, 等待买家付款, 未付款",
    "paid": "paid, complete, completed, processing, closed, partially refunded, 交易成功, 已付款,"
    " 已完成, 买家已付款, 待发货, 等待卖家发货, 已完成付款",
    "shipped": "shipped, fulfilled, sent, 已发货, 卖家已发货, 已出貨",
    "delivered": "delivered, received, 已签收, 已收货, 已送達",
    "cancelled": "cancelled, canceled, voided, failed, expired, 交易关闭, 已取消",
    "refunded": "refunded, 已退款",
}
STATES: Mapping[str, str] = {"": "paid"} | {
    name: state for state, names in CALLED.items() for name in names.split(", ")
}
#: Signs and codes of currencies around an amount; any other letter makes it no amount.
SIGNS = re.compile(r"^(?:[A-Z]{3}\s+|[A-Z]{0,3}[$€£¥￥₩₹]\s*)|\s*(?:\s[A-Z]{3}|[$€£¥￥₩₹元円圓])$")


@dataclass(frozen=True)
class ReadOrder:
    """An order as a file tells it; sums in minor units, moments in UTC."""

    number: str
    customer_ref: str | None
    email: str | None
    name: str | None
    total: int
    currency: str
    placed_at: datetime
    lines: Sequence[LineDraft]
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    promised_on: date | None = None
    refunded: int = 0


@dataclass
class Group:
    """Neighbouring rows of one order; `order` is None when there are problems."""

    number: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    order: ReadOrder | None = None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class OrderFile:
    """A file looked at and understood, ready to be read any number of times."""

    path: Path
    columns: Columns
    manners: Manners
    currency: str
    zone: tzinfo = UTC

    def groups(self, file: IO[str]) -> Iterator[Group]:
        """Every order of the file, one after the other; `file` is open at its start."""
        at = self.columns.at["order_id"]
        group: Group | None = None
        reader = Reader(self)
        for row, cells in _body(file, self.manners.delimiter):
            number = unguarded(cells[at].strip()) if at < len(cells) else ""
            if group is None or number != group.number or not number:
                if group is not None:
                    yield reader.understand(group)
                group = Group(number)
            group.rows.append((row, cells))
        if group is not None:
            yield reader.understand(group)

    def open(self) -> IO[bytes]:
        return self.path.open("rb")


def look_at(
    path: Path,
    *,
    currency: str,
    said: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    zone: tzinfo = UTC,
) -> OrderFile:
    """Understand how a file is written; what is said wins over what is found. Raises Refused."""
    if not is_currency(currency):
        raise Refused(
            "“%(currency)s” is no currency code. Use three letters such as USD.",
            code="currency",
            field="currency",
            currency=currency,
        )
    if not path.stat().st_size:
        raise Refused("The file is empty.", code="empty")
    try:
        found = encoding or tabular.encoding_of(path)
        delimiter = tabular.delimiter_of(path, found)
        known = columns.recognise(_headings(path, found, delimiter), said or {})
    except (LookupError, UnicodeError):
        raise Refused(
            "The file is not written in “%(encoding)s”. Save it in UTF-8.",
            code="encoding",
            field="encoding",
            encoding=encoding or "UTF-8",
        ) from None
    dates = _column(path, found, delimiter, known.at["ordered_on"])
    amount_at = next(known.at[name] for name in ("amount", "total", "price") if name in known.at)
    return OrderFile(
        path,
        known,
        Manners(
            found,
            delimiter,
            manners.date_format_of(dates) if date_format is None else date_format,
            manners.writes_decimal_comma(_column(path, found, delimiter, amount_at)),
        ),
        currency,
        zone,
    )


def _headings(path: Path, encoding: str, delimiter: str) -> list[str]:
    with path.open(encoding=encoding, newline="") as file:
        for _row, cells in tabular.rows_of(file, delimiter):
            return [cell.strip() for cell in cells]
    raise Refused("The file is empty.", code="empty")


def _body(file: IO[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    rows = tabular.rows_of(file, delimiter)
    next(rows, None)
    return rows


def _column(path: Path, encoding: str, delimiter: str, at: int) -> Iterator[str]:
    with path.open(encoding=encoding, newline="") as file:
        for _row, cells in _body(file, delimiter):
            if at < len(cells) and (text := cells[at].strip()):
                yield text


class Reader:
    """Turns the rows of one order into a `ReadOrder`, collecting what is wrong on the way."""

    def __init__(self, source: OrderFile) -> None:
        self._columns = source.columns
        self._at = source.columns.at
        self._manners = source.manners
        self._currency = source.currency
        self._zone = source.zone
        self._problems: list[Problem] = []

    def understand(self, group: Group) -> Group:
        """Fill in the group's order, or its problems."""
        self._problems = group.problems
        for row, cells in group.rows:
            self._fit(row, cells)
        if not group.number:
            self._object(
                group.rows[0][0],
                "order_id",
                Refused("The order's number is missing.", code="order"),
            )
        order = self._order(group)
        if not group.problems:
            group.order = order
        return group

    def _fit(self, row: int, cells: list[str]) -> None:
        width = len(self._columns.headings)
        if len(cells) > width:
            self._problems.append(
                Problem(
                    row,
                    None,
                    Refused(
                        "There are %(cells)s cells under %(width)s headings. Put texts that hold"
                        " the delimiter into quotation marks.",
                        cells=len(cells),
                        width=width,
                    ),
                )
            )
        cells.extend([""] * (width - len(cells)))

    def _order(self, group: Group) -> ReadOrder | None:
        row, cells = group.rows[0]
        customer = {name: self._any(name, group.rows) for name in ("customer_id", "email", "name")}
        if not customer["customer_id"] and not _is_address(customer["email"]):
            name = "customer_id" if "customer_id" in self._at else "email"
            self._object(row, name, Refused("The customer's number or e-mail address is missing."))
        currency = self._currency_of(row, cells)
        placed_at = self._moment(row, cells, "ordered_on", needed=True)
        lines = [self._line(each, its, currency) for each, its in group.rows]
        total = self._total(group, currency, lines)
        if self._problems or placed_at is None:
            return None
        return ReadOrder(
            number=group.number,
            customer_ref=customer["customer_id"] or None,
            email=customer["email"] or None,
            name=customer["name"] or None,
            total=total,
            currency=currency,
            placed_at=placed_at,
            lines=lines,
            **self._course(row, cells, placed_at, total, currency),
        )

    def _any(self, name: str, rows: Sequence[tuple[int, list[str]]]) -> str:
        if name not in self._at:
            return ""
        return next((text for _row, cells in rows if (text := self._text(cells, name))), "")

    def _text(self, cells: list[str], name: str) -> str:
        at = self._at.get(name)
        if at is None:
            return ""
        text = cells[at].strip()
        return unguarded(text)

    def _object(self, row: int, name: str, why: Refused) -> None:
        self._problems.append(Problem(row, self._columns.heading(name), why))

    def _currency_of(self, row: int, cells: list[str]) -> str:
        told = self._text(cells, "currency").upper()
        if told and not is_currency(told):
            self._object(
                row,
                "currency",
                Refused(
                    "“%(currency)s” is no currency code. Use three letters such as USD.",
                    currency=told,
                ),
            )
            return self._currency
        return told or self._currency

    def _moment(
        self, row: int, cells: list[str], name: str, *, needed: bool = False
    ) -> datetime | None:
        text = self._text(cells, name)
        if not text and not needed:
            return None
        moment = _moment(text, self._manners.date_format, self._zone)
        if moment is None:
            sentence = (
                "“%(text)s” is not a date as the rest of the file writes them."
                if text
                else "The date is missing."
            )
            self._object(row, name, Refused(sentence, text=text))
        return moment

    def _line(self, row: int, cells: list[str], currency: str) -> LineDraft:
        quantity = self._quantity(row, cells)
        amount = self._sum(row, cells, "amount", currency)
        if amount is None:
            amount = self._priced(row, cells, quantity, currency) or 0
        sku = self._text(cells, "sku")
        return LineDraft(self._text(cells, "product") or sku, quantity, amount, sku or None)

    def _quantity(self, row: int, cells: list[str]) -> int:
        text = self._text(cells, "quantity")
        if not text:
            return 1
        whole = text if text.isdecimal() else text.removesuffix(".0").replace(",", "")
        if whole.isascii() and whole.isdecimal() and 0 < int(whole) < 2**31:
            return int(whole)
        self._object(
            row,
            "quantity",
            Refused(
                "“%(text)s” is not a number of pieces. Leave returns out; refunds are told apart.",
                text=text,
            ),
        )
        return 1

    def _sum(self, row: int, cells: list[str], name: str, currency: str) -> int | None:
        text = self._text(cells, name)
        if not text:
            return None
        try:
            amount = minor(text, currency, self._manners.decimal_comma)
        except Refused as why:
            self._object(row, name, why)
            return 0
        if amount < 0:
            self._object(
                row, name, Refused("“%(text)s” is below zero. Refunds are told apart.", text=text)
            )
        return amount

    def _priced(self, row: int, cells: list[str], quantity: int, currency: str) -> int | None:
        text = self._text(cells, "price")
        if not text:
            return None
        try:
            price = Decimal(_plain(text, self._manners.decimal_comma))
        except InvalidOperation:
            price = Decimal("NaN")
        if not price.is_finite() or price < 0:
            why = Refused("“%(text)s” is not an amount of money.", text=text)
            self._object(row, "price", why)
            return 0
        exact = (price * quantity).scaleb(exponent(currency))
        return int(exact.to_integral_value(ROUND_HALF_UP))

    def _total(self, group: Group, currency: str, lines: Sequence[LineDraft]) -> int:
        told = [self._sum(row, cells, "total", currency) for row, cells in group.rows]
        sums = [each for each in told if each is not None]
        summed = sum(line.amount for line in lines)
        if not sums and not {"amount", "price"} & self._at.keys():
            self._object(group.rows[0][0], "total", Refused("The amount is missing."))
        total = sums[0] if sums else summed
        if len(sums) > 1 and (sums == [line.amount for line in lines] or len(set(sums)) > 1):
            total = sum(sums)  # the column holds the lines' sums
        if total > LARGEST:
            self._object(group.rows[0][0], "total", Refused("The total is too large."))
        return total

    def _course(
        self, row: int, cells: list[str], placed_at: datetime, total: int, currency: str
    ) -> dict[str, Any]:
        state = self._state(row, cells)
        moments = {
            f"{step}_at": self._moment(row, cells, f"{step}_on")
            for step in ("paid", "shipped", "delivered", "cancelled")
            if f"{step}_on" in self._at
        }
        for step in IMPLIED[state]:
            moments[f"{step}_at"] = moments.get(f"{step}_at") or placed_at
        refunded = self._sum(row, cells, "refunded", currency) or 0
        if refunded > total:
            self._object(row, "refunded", Refused("More was given back than was paid."))
        promised = self._moment(row, cells, "promised_on")
        return {
            **moments,
            "refunded": total if state == "refunded" else refunded,
            "promised_on": promised.date() if promised else None,
        }

    def _state(self, row: int, cells: list[str]) -> str:
        text = self._text(cells, "status")
        plain = re.sub(r"[\s_-]+", " ", text.casefold()).removeprefix("wc ")
        if plain not in STATES:
            self._object(
                row,
                "status",
                Refused(
                    "“%(text)s” is no state we know. Use one of: %(known)s.",
                    text=text,
                    known="placed, paid, shipped, delivered, cancelled, refunded",
                ),
            )
        return STATES.get(plain, "paid")


#: The moments that a state implies when their own columns are empty.
IMPLIED: Mapping[str, tuple[str, ...]] = {
    "placed": (),
    "paid": ("paid",),
    "shipped": ("paid", "shipped"),
    "delivered": ("paid", "shipped", "delivered"),
    "cancelled": ("cancelled",),
    "refunded": ("paid",),
}


def minor(text: str, currency: str, decimal_comma: bool = False) -> int:
    """An amount as people write it → minor units; Refused for what is none."""
    if exponent(currency) == 2:  # nine of ten files: no need for Decimal
        whole, _dot, cents = text.partition(".")
        if whole.isdecimal() and text.isascii() and len(whole) < 15:
            if not cents:
                return int(whole) * 100
            if len(cents) <= 2 and cents.isdecimal():
                return int(whole) * 100 + int(cents.ljust(2, "0"))
    try:
        return parse_amount(_plain(text, decimal_comma), currency)
    except Refused as why:
        why.params["text"] = text
        raise


def _plain(text: str, decimal_comma: bool) -> str:
    plain = SIGNS.sub("", text.strip())
    if decimal_comma:
        return plain.replace(".", "").replace(",", ".")
    return plain.replace(",", "")


def _is_address(text: str) -> bool:
    name, at, domain = text.partition("@")
    return bool(name and at and "." in domain.strip("."))


@lru_cache(maxsize=50_000)
def _moment(text: str, date_format: str, zone: tzinfo) -> datetime | None:
    moment = manners.read_date(text, date_format)
    if moment is None:
        return None
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
