"""Files that are safe to write: one writer at a time, all of a file or nothing."""
