"""Vouchers: codes that members hold and tills take; asked about and used over the API.

A voucher is a row with a code and a counter (`codes.py`), and in the book a credit of its uses
(`booking.py`); both move in one transaction, and `auditing.py` holds one against the other. Rules
(`earned.py`), full cards and welcomes give them as gifts (`giving.py`), points buy them
(catalogue/redeeming.py). What tills say and hear is `bodies.py`, and the same answer to the same
question `answers.py`; where there is no such till, the staff take them at a desk
(`desk_views.py`).
"""
