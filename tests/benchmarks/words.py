"""The tokenizer of the stock recipe, where a pickled pipeline finds it again.

MLServer's own environment imports this, so it needs jieba and nothing else.
"""

import jieba


def words(text: str) -> list[str]:
    """`jieba.lcut`, which belongs to an object that cannot be pickled."""
    return list(jieba.lcut(text))
