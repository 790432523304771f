"""Kinds of findings, by the step that reports them."""
