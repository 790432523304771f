"""The project's tests. A package of their own, because a library may install a package ``tests`` too."""
