"""What members are told about their referrals. The release itself is told by the rewards."""

from __future__ import annotations

from notifications.notices import Notice

LEAD = Notice("referral.lead", "rewards", {"friend": "Fay"})
PURCHASED = Notice(
    "referral.purchased", "rewards", {"friend": "Fay", "until": "2026-03-17T12:00:00+00:00"}
)
REFUSED = Notice("referral.refused", "rewards", {"friend": "Fay", "reason": "same_person"})

NOTICES = (LEAD, PURCHASED, REFUSED)
