"""Tables of scored rows: which columns they have, and one module for each format.

Rows go to the file that is named and nowhere else; that a table takes its place only when it is
whole is the business of `service.archive`.
"""
