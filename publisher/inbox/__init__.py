"""The inbox: requests for correction and followers, written by the public into a store apart from the log."""
