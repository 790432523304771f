"""Backup and recovery: backups with a manifest, restoration, completion from an archive, succession."""
