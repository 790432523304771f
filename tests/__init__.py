"""The project's own tests: named here, for a library may install a package ``tests`` too."""
