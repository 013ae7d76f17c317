"""Acknowledgement, the first step: thank people at once and keep them informed.

`rules.THANKS` is the table of what is answered with which words; `thanking` hears the facts and
tells. Old news (an imported order of last year) thanks nobody. What was said to whom is a row that
stays.
"""
