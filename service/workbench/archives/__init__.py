"""Runs over archives: what is asked, from which folders, and how a run is shown."""
