//! The `certless` program: hands the command line to [`certless::cli`].

fn main() {}
