//! Witnessing: two cities watch each other's logs, and what a witness must refuse it refuses.

mod city;
mod protocol;
mod tree;
