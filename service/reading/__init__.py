"""Finding the files of an archive and reading each into documents.

One reader a format; a reader gives documents and knows nothing of models.
"""
