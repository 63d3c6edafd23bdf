"""A labelled corpus in, a model artifact out.

scikit-learn lives here; `service` is not imported.
"""
