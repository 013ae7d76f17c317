"""Which column of an order file holds what: the names that shops and shop systems give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foundation.refusal import Refused

#: Our name to the headings we know, best first; compared without case, blanks and signs.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "order_id": (
        "order_id", "order number", "order no", "order", "invoice", "invoice no", "invoice number",
        "transaction id", "订单号", "订单编号", "訂單號", "訂單編號", "訂單號碼",
    ),
    "customer_id": (
        "customer_id", "customer number", "customer no", "customer ref", "customer", "user id",
        "buyer id", "client id", "客户编号", "客户号", "会员号", "买家会员名", "顧客編號",
        "客戶編號", "會員編號",
    ),
    "email": (
        "email", "email address", "customer email", "email (billing)", "billing email",
        "buyer email", "e-mail", "mail", "邮箱", "电子邮箱", "电子邮件", "電子郵件", "電郵",
    ),
    "name": (
        "customer name", "billing name", "full name", "buyer name", "buyer", "name", "客户姓名",
        "客户", "姓名", "收货人姓名", "收货人", "顧客姓名", "顧客", "客戶", "收件人",
    ),
    "ordered_on": (
        "ordered_on", "order date", "ordered at", "created at", "placed at", "invoice date",
        "purchase date", "date", "订单创建时间", "下单时间", "订单日期", "创建时间", "日期",
        "下單時間", "訂單日期",
    ),
    "quantity": ("quantity", "qty", "lineitem quantity", "units", "数量", "宝贝总数量", "數量"),
    "amount": (
        "amount", "line amount", "line total", "item total", "sales", "revenue",
        "金额", "小计", "金額", "小計",
    ),
    "price": ("unit price", "price", "lineitem price", "item price", "item cost", "单价", "單價"),
    "total": (
        "total", "order total", "total amount", "grand total", "order total amount",
        "买家实际支付金额", "实付金额", "订单金额", "总金额", "总价", "總價", "總金額", "合計",
    ),
    "currency": ("currency", "currency code", "币种", "货币", "幣別"),
    "sku": (
        "sku", "lineitem sku", "item sku", "stock code", "product id", "商品编码", "货号",
        "商品編號",
    ),
    "product": (
        "product", "product name", "lineitem name", "item name", "item", "description", "title",
        "宝贝标题", "商品名称", "商品", "商品名稱", "品名",
    ),
    "status": (
        "financial status", "status", "order status", "订单状态", "状态", "訂單狀態", "狀態",
    ),
    "paid_on": ("paid_on", "paid at", "date paid", "订单付款时间", "付款时间", "付款時間"),
    "shipped_on": ("shipped_on", "shipped at", "fulfilled at", "发货时间", "出貨時間"),
    "delivered_on": ("delivered_on", "delivered at", "签收时间", "送達時間"),
    "cancelled_on": ("cancelled_on", "cancelled at", "canceled at"),
    "promised_on": ("promised_on", "promised date", "estimated delivery", "预计送达", "預計送達"),
    "refunded": ("refunded", "refunded amount", "refund amount", "退款金额", "退款金額"),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """A file's headings, and which position holds which of our fields."""

    headings: tuple[str, ...]
    at: Mapping[str, int]

    def heading(self, field: str) -> str:
        """What the file calls a field; our own name when it has no such column."""
        return self.headings[self.at[field]] if field in self.at else field


def recognise(headings: Sequence[str], said: Mapping[str, str]) -> Columns:
    """Find our fields among a file's headings; `said` ({field: heading}) wins over what we know.

    Raises Refused when a heading said is not there, or no column holds something needed.
    """
    plain = [_plain(heading) for heading in headings]
    at = {field: _said(field, heading, headings, plain) for field, heading in said.items()}
    for field, names in HEADINGS.items():
        if field not in at:
            at.update(_first(field, names, plain, taken=set(at.values())))
    if "order_id" not in at and "name" in plain:  # Shopify's export: “Name” is the order's
        at["order_id"] = plain.index("name")
        if at.get("name") == at["order_id"]:
            del at["name"]
    _check(at, headings)
    return Columns(tuple(headings), at)


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold())


def _said(field: str, heading: str, headings: Sequence[str], plain: list[str]) -> int:
    if field not in HEADINGS:
        raise Refused(
            "“%(name)s” is nothing an order has. Known are: %(known)s.",
            code="map",
            field="columns",
            name=field,
            known=", ".join(HEADINGS),
        )
    if _plain(heading) not in plain:
        raise Refused(
            "The file has no column “%(heading)s”. Its columns are: %(headings)s.",
            code="map",
            field="columns",
            heading=heading,
            headings=", ".join(headings),
        )
    return plain.index(_plain(heading))


def _first(field: str, names: tuple[str, ...], plain: list[str], taken: set[int]) -> dict[str, int]:
    for name in map(_plain, names):
        if name in plain and plain.index(name) not in taken:
            return {field: plain.index(name)}
    return {}


def _check(at: Mapping[str, int], headings: Sequence[str]) -> None:
    needed = {
        "order_id": at.keys() & {"order_id"},
        "customer_id": at.keys() & {"customer_id", "email"},
        "ordered_on": at.keys() & {"ordered_on"},
        "amount": at.keys() & {"amount", "total", "price"},
    }
    missing = [field for field, found in needed.items() if not found]
    if missing:
        raise Refused(
            "No column says “%(missing)s”. Tell which one does, like %(example)s=%(column)s."
            " The file's columns are: %(headings)s.",
            code="columns",
            field="columns",
            missing=", ".join(missing),
            example=missing[0],
            column=headings[0],
            headings=", ".join(headings),
        )
