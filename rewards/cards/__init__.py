"""Stamp cards and welcome vouchers: gifts for coming again.

A *stamp card* (`rules.py`) is a promise of the programme: so many orders within so many days, and
then points, store credit or a voucher. Every order that counts is one *stamp*, a row that knows its
order and its card; a card knows the version of the programme it was begun under, and keeps its
terms. A refund takes the stamp back, and with it the reward if the card was full (`keeping.py`).
Whose card will be over with stamps missing is told so some days before (`ending.py`).

What a full card gives is an earning rule that the card itself writes (`rules.rule_of`), for the
fact `card.filled`: so limits, budgets, holds, replays, clawbacks,
statements and "why did I get this?" are those of every other rule.

A *welcome voucher* (`welcoming.py`) is given once per member ever, when the e-mail address is
confirmed, or to those whom a friend brought: the fact `member.welcomed`, with a rule of its own.
"""
