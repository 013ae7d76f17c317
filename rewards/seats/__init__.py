"""Seats: an advisor by invitation, agreement and answer, with or without units that vest.

Units are an owner's own act behind a gate of the settings (`unit_gate.py`); no rule, no fact and no
referral leads here. Nothing says share, and nothing projects a value.
"""
