"""What each revision cites, which work it is, and what it says is repealed: derived when it is written."""
