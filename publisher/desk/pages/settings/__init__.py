"""Pages of 系统管理 and of keys: the datasets with their parts, webhooks and robots, and the site's keys."""
