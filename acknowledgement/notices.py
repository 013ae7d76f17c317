"""Thank-yous and order news. Sums are minor units with their currency, days are ISO dates."""

from __future__ import annotations

from notifications.notices import Notice

_ORDER = {"number": "1042", "total": 4200, "currency": "USD"}

ORDER_THANKS = Notice(
    "order.paid", "orders", _ORDER | {"is_first": True, "promised_on": "2026-03-06"}
)
ORDER_SHIPPED = Notice("order.shipped", "orders", _ORDER | {"promised_on": "2026-03-06"})
ORDER_DELIVERED = Notice(
    "order.delivered", "orders", _ORDER | {"promised_on": "2026-03-06", "days_late": 2}
)
ORDER_REFUNDED = Notice(
    "order.refunded", "orders", _ORDER | {"amount": 1400, "refunded_total": 1400}
)
ORDER_CANCELLED = Notice("order.cancelled", "orders", _ORDER | {"was_paid": True})
REVIEW_THANKS = Notice("review.thanks", "community", {"product": {"en": "Yunnan Black"}})

NOTICES = (
    ORDER_THANKS,
    ORDER_SHIPPED,
    ORDER_DELIVERED,
    ORDER_REFUNDED,
    ORDER_CANCELLED,
    REVIEW_THANKS,
)
BY_KIND = {notice.kind: notice for notice in NOTICES}
