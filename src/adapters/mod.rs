//! The only input and output below the pages: stores, key files, outbound fetches.
