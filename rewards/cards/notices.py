"""What members are told about cards and welcome vouchers. Names are passed in all languages.

Points of a full card are told like all points (rewards/notices.py).
"""

from __future__ import annotations

from notifications.notices import Notice

_CARD = {"en": "Tea card", "zh_Hans": "茶卡", "zh_Hant": "茶卡"}
_VOUCHER = {
    "code": "7K2M-9QXA-4TBW-PZ3C",
    "value": 500,
    "currency": "USD",
    "uses": 1,
    "order_min": None,
    "until": "2026-06-03T12:00:00+00:00",
}

FILLED = Notice("card.filled", "rewards", {"card": _CARD, **_VOUCHER})
STAMP_BACK = Notice(
    "card.stamp_back", "rewards", {"card": _CARD, "stamps": 3, "orders": 6, "code": None}
)
WELCOME = Notice("voucher.welcome", "rewards", {"name": _CARD, **_VOUCHER, "order_min": 3_000})

ENDING = Notice(
    "card.ending",
    "rewards",
    {"card": _CARD, "stamps": 4, "orders": 6, "missing": 2, "last_day": "2026-03-17"},
)

NOTICES = (FILLED, STAMP_BACK, WELCOME, ENDING)
