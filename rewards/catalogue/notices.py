"""What members are told about what they redeemed. Names of items are passed in all languages.

What was ordered with points is an order like any other: its news needs no consent.
"""

from __future__ import annotations

from notifications.notices import Notice

_VISIT = {"en": "A visit to the tea garden", "zh_Hans": "茶园参观", "zh_Hant": "茶園參觀"}
_VOUCHER = {"code": "7K2M-9QXA-4TBW-PZ3C", "value": 500, "currency": "USD"}

REDEEMED = Notice("reward.redeemed", "rewards", {**_VOUCHER, "cost": 100, "uses": 3})
ORDERED = Notice("redemption.ordered", "orders", {"item": _VISIT, "cost": 800})
MOVED = Notice(
    "redemption.moved",
    "orders",
    {"item": _VISIT, "kind": "goods", "state": "sent", "text": "DHL 00340434161094015902"},
)
CANCELLED = Notice(
    "redemption.cancelled",
    "orders",
    {"item": _VISIT, "cost": 800, "reason": "The road is under snow.", "was_sent": False},
)
VOUCHER_USED = Notice("voucher.used", "orders", {**_VOUCHER, "order": "1001", "left": 0})
VOUCHER_RELEASED = Notice(
    "voucher.released", "orders", {**_VOUCHER, "order": "1001", "left": 1, "expired_at": None}
)
#: No order stands behind it: who wants no letters about rewards gets none.
VOUCHER_EXPIRING = Notice(
    "voucher.expiring",
    "rewards",
    {**_VOUCHER, "left": 1, "order_min": 2000, "until": "2026-03-17T12:00:00+00:00"},
)

NOTICES = (
    REDEEMED,
    ORDERED,
    MOVED,
    CANCELLED,
    VOUCHER_USED,
    VOUCHER_RELEASED,
    VOUCHER_EXPIRING,
)
