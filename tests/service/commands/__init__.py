"""The commands about training and corpora, as a person goes about them."""
