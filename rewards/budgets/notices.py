"""What owners are told about budgets, and members about points that will expire."""

from __future__ import annotations

from notifications.notices import Notice

_ORDER = {"en": "Your order", "zh_Hans": "你的订单", "zh_Hant": "你的訂單"}

USED_UP = Notice(
    "budget.used_up",
    "account",
    {
        "percent": 80,
        "limit": 10_000,
        "committed": 8_040,
        "currency": None,
        "unit": "points",
        "month": "2026-03",
        "at_cap": "rest",
        "rule": _ORDER,
    },
)
EXPIRING = Notice(
    "reward.expiring",
    "rewards",
    {"amount": 120, "commodity": "points", "on": "2026-03-17T12:00:00+00:00", "days": 14},
)

NOTICES = (USED_UP, EXPIRING)
