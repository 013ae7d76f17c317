"""What people hear about their reviews. Thanks for one are acknowledgement's."""

from __future__ import annotations

from notifications.notices import Notice

REPLIED = Notice(
    "review.replied",
    "community",
    {"name": "Sam Lin", "title": "Smells of spring", "product": {"en": "Yunnan Black"}},
)

NOTICES = (REPLIED,)
