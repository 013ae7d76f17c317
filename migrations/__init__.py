"""The schema's history, one file per room for the first release."""
