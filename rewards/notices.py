"""What members are told about their rewards. Names of rules are passed in all their languages.

`commodity` is points or the code of a currency; what was told before there was store credit does
not say it, and was points. What is on hold for an order that can be given back is `returnable`.
"""

from __future__ import annotations

from notifications.notices import Notice

_ORDER = {"en": "Your order", "zh_Hans": "你的订单", "zh_Hant": "你的訂單"}

GRANTED = Notice(
    "reward.granted",
    "rewards",
    {
        "amount": 42,
        "commodity": "points",
        "rule": _ORDER,
        "until": "2026-03-17T12:00:00+00:00",
        "returnable": True,
    },
)
RELEASED = Notice(
    "reward.released",
    "rewards",
    {"amount": 42, "commodity": "points", "rule": _ORDER, "returnable": True},
)
CLAWED_BACK = Notice(
    "reward.clawed_back",
    "rewards",
    {
        "amount": 21,
        "granted": 42,
        "left": 21,
        "commodity": "points",
        "rule": _ORDER,
        "was_released": True,
        "is_card": False,
    },
)
VOUCHER = Notice(
    "voucher.earned",
    "rewards",
    {
        "rule": _ORDER,
        "code": "7K2M-9QXA-4TBW-PZ3C",
        "value": 500,
        "currency": "USD",
        "uses": 3,
        "order_min": None,
        "until": "2026-06-03T12:00:00+00:00",
    },
)

NOTICES = (GRANTED, RELEASED, CLAWED_BACK, VOUCHER)
