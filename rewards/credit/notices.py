"""What members are told about their store credit.

Somebody spent their money: that news needs no consent.
"""

from __future__ import annotations

from notifications.notices import Notice

_ORDER = {"order": "1001", "amount": 1_200, "currency": "USD"}

USED = Notice("credit.used", "orders", {**_ORDER, "left": 800})
RETURNED = Notice("credit.returned", "orders", {**_ORDER, "left": 2_000})

NOTICES = (USED, RETURNED)
