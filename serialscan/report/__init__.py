"""The report: what was read, what people decided and what is missing, as pages that need nothing else."""
