"""Registers of issued serials: built from lists, searched with what a camera saw ([register.md])."""
