"""Links: what several seizures have in common, each with its strength and with what it assumes."""
