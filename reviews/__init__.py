"""Reviews: customers speak, unfiltered.

A review is public the moment it is written (`publishing`), every version of it is kept, and each
becomes a leaf of the transparency log. It is a verified purchase when an order of its author says
so, not when somebody ticks a box. Company people may answer (`replying`), readers say what helped
them (`voting`), and the page shows the favourable beside the critical. What a review earned is
written by the ledger: the label cannot be forgotten, and does not know the stars.
"""
