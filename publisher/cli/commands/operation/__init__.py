"""Commands that set up and run a site: serving, collecting, webhooks, keys."""
