"""Top-up offers: prepay so many, get some free; used one by one at the till.

The shop sells a product that an offer of the programme names. `buying.hear` credits what an order
of it brings, in two commodities of the ledger: what was paid for, which never expires, and what
came free. A till or somebody of the staff takes a unit by the member's code (`taking.py`); when the
order is refunded, what was not used goes back (`refunding.hear`). Free units that will expire are
announced (`expiring.py`).
"""
