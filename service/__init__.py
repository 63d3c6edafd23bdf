"""Serving a model: online over HTTP, offline over archives, and the command line.

`training` is imported only inside the commands that start a training or measure a model.
"""
