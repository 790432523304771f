"""What a government site has to say of itself: privacy, accessibility, copyright."""
