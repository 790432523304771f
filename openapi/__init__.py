"""The frozen contract: document, compatibility check, viewer."""
