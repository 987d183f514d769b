"""The case: one file that keeps inputs, records, decisions and custody, and shows any change."""

from serialscan.case.checkpoint import Checkpoint
from serialscan.case.heads import Heads, state_folder
from serialscan.case.sign import Signer
from serialscan.case.writer import CaseWriter, InputFacts, Picture, Run

__all__ = ["CaseWriter", "Checkpoint", "Heads", "InputFacts", "Picture", "Run", "Signer", "state_folder"]
