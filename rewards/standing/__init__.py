"""Standing: what a member is to the house, from published weights. Tiers follow from it.

Facts move counters by day (`keeping.py`, `store.py`); the weights and what counts as 100 are data
of the programme (`rules.py`); one machine moves members between tiers, live and in replays
(`climbing.py`). `explaining.py` says what would move a member up.
"""
