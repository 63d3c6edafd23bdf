"""What brings the program to machines without a network, and keeps it running there.

`bundle.py` makes a folder of everything that an installation needs; `install.sh` in it installs;
`govtheme.service` and `Containerfile` run the server. None is imported by the rest.
"""
