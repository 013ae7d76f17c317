"""Vouchers: codes that members hold and tills take; asked about and used over the API."""
