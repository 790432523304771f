"""The workbook of an import with its findings: comments and colours at the cells, and a sheet of findings."""
