"""The Data-set page: the form, and the table with its pictures."""
