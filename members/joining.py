"""Joining: how somebody becomes a member."""

from __future__ import annotations

from members.customers import Customer, known_customer, known_customers

__all__ = ["Customer", "known_customer", "known_customers"]
