"""Published tables: each table is declared once, in a module named after it."""
