"""Budgets: how much a rule, or all of them, may commit; and what was kept back when one was full.

The programme says how much (`rules.py`); counters move with every grant and refund, capped by the
database (`committing.py`); what was withheld is a row that a member sees (`withholding.py`).
"""
