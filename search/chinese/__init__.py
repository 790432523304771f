"""Analysis of Chinese text: tokens, pinyin, synonyms."""
