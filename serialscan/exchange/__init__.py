"""Cases and records in the forms of others: one module for each format (docs/exchange.md)."""
