"""What ``qingdan status`` tells of a site."""
