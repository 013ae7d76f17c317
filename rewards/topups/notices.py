"""What members are told about what they prepaid. Names are passed in all languages.

It was paid for: its news needs no consent, but for what came free.
"""

from __future__ import annotations

from notifications.notices import Notice

_POT = {
    "offer": {
        "en": "Ten pots for nine",
        "zh_Hans": "付九壶，喝十壶",
        "zh_Hant": "付九壺，喝十壺",
    },
    "unit": {
        "en": "A pot of tea at the counter",
        "zh_Hans": "店里的一壶茶",
        "zh_Hant": "店裡的一壺茶",
    },
}

BOUGHT = Notice("prepaid.bought", "orders", {**_POT, "paid": 9, "free": 1, "expires_at": None})
USED = Notice("prepaid.used", "orders", {**_POT, "left": 7, "is_free": False})
GIVEN_BACK = Notice("prepaid.given_back", "orders", {**_POT, "left": 8, "expired_at": None})
TAKEN_BACK = Notice("prepaid.taken_back", "orders", {**_POT, "paid": 8, "free": 1, "left": 0})

#: Nothing was paid for these: who wants no letters about rewards gets none.
EXPIRING = Notice(
    "prepaid.expiring",
    "rewards",
    {**_POT, "free": 1, "expires_at": "2026-03-17T12:00:00+00:00"},
)

NOTICES = (BOUGHT, USED, GIVEN_BACK, TAKEN_BACK, EXPIRING)
