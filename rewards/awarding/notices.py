"""What members are told about points they were given by hand. The reason is the owner's text."""

from __future__ import annotations

from notifications.notices import Notice

_REASON = "Thank you for the tasting day"

AWARDED = Notice("reward.awarded", "rewards", {"amount": 50, "reason": _REASON, "until": None})
AWARD_BACK = Notice("reward.award_back", "rewards", {"amount": 30, "given": 50, "reason": _REASON})

NOTICES = (AWARDED, AWARD_BACK)
