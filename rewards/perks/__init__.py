"""Perks: added value that a tier carries or that one member was given for a while.

Other rooms ask one question, `entitlements.py`, and never look at tiers or gifts themselves. What
one member was given is a unit in the book for as long as it is in force (`booking.py`).
"""
