"""Modules for an interpreter that lacks them; this folder goes to the end of its path."""
