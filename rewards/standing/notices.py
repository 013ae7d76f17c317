"""What members are told about their tier: reached, in danger, kept, lost; never by surprise."""

from __future__ import annotations

from notifications.notices import Notice

_ADVOCATE = {"en": "Advocate", "zh_Hans": "知音", "zh_Hant": "知音"}
_REGULAR = {"en": "Regular", "zh_Hans": "常客", "zh_Hant": "常客"}

REACHED = Notice(
    "tier.reached", "rewards", {"tier": _ADVOCATE, "standing": 52, "earn_percent": 125}
)
GRACE = Notice(
    "tier.grace",
    "rewards",
    {
        "tier": _ADVOCATE,
        "next": _REGULAR,
        "standing": 47,
        "least": 50,
        "until": "2026-12-22T00:00:00+00:00",
    },
)
KEPT = Notice("tier.kept", "rewards", {"tier": _ADVOCATE, "standing": 53})
FELL = Notice(
    "tier.fell", "rewards", {"tier": _REGULAR, "before": _ADVOCATE, "standing": 44, "least": 50}
)

NOTICES = (REACHED, GRACE, KEPT, FELL)
