"""Styles of a workbook's cells that change what a person reads: number formats and strike-through."""
