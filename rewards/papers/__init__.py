"""Papers: texts and files for members only. Every copy carries a mark that leads to its reader.

Who may read one says `access.py`; whom it is open to by name has a unit in the book (`booking.py`).
"""
