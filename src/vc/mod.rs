//! Credential formats, securing mechanisms, status lists and the one verification pipeline.
