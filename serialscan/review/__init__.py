"""Review: a page on this computer where people decide what the program proposes."""
