"""The frozen API contract: OpenAPI document, compatibility check."""
