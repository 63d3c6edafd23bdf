"""The file formats that labelled corpora come in: which there are, reading and writing them."""
