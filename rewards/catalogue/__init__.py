"""The catalogue: what points buy, from a voucher to a visit; ordering it, fulfilling it.

Items are data of the programme (`items.py`); how many there are is counted in `stock.py`. A
redemption is paid once (`redeeming.py`) and walks the steps of `redemption_rules.py`; what it gives
her stands in the book from the order on (`booking.py`).
"""
