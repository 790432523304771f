"""HTTP of the desk: who sends a request, whether it is permitted, and what a refusal says."""
