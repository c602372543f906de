//! Machine interfaces over HTTP: one file per resource.
