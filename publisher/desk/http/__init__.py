"""HTTP of the desk: who asks, whether he may, and how a refusal is answered."""
