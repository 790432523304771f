"""Sources on the web → evidence → documents in a draft: what ``qingdan collect`` does."""
