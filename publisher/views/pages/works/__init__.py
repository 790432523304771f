"""Pages of works: statutes, documents, orders and decisions on which lists rest."""
