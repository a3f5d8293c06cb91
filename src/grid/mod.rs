//! What a user writes: a grid of methods, hyper-parameters and seeds.
