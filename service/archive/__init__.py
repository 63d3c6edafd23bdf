"""An archive into a table: planned, cut into shards, scored by workers, put together.

What is done is on the disk before the manifest says so; whatever kills a run, the same command
goes on where it stopped.
"""
