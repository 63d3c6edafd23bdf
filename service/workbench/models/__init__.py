"""Models: the versions there are, how good they are, and what changes between two."""
