"""Every published table, declared once: columns, types, units, nullability and meaning."""
