"""Store credit at the till: money of the programme, spent in the shop, never paid out.

Credit is earned by rules like points and lies in the one book: its owner is the member, its
commodity the currency. The shop takes as much of it as an order needs (`taking.py`), what expires
first before the rest; each taking is a row under the order's reference, so that asking again takes
nothing twice. When the order is refunded the shop gives it back, in part or whole
(`giving_back.py`), with the date on which it would have expired. Nothing pays credit out and no
member can hand it to another: it leaves a purse by a taking, by its date or by a refund only.

A till finds a member by the code of hers that prepaid units use (`rewards.topups.codes`), or by
what the shop itself knows of her (`customers.py`); staff do the same by hand at /credit.
"""
