//! What strangers hand over, read safely: data sets in the layout of the NeurIPS 2023 unlearning challenge, PyTorch
//! checkpoints, NumPy arrays and caches of them; and the one way in which engines write such files. Both sides of the pipe use it: the orchestrator checks and hashes inputs before any training, the
//! worker loads the same bytes.
//!
//! No libtorch, no unsafe code; sizes are bounded before memory is asked for, nothing in a file is ever executed, and
//! every problem of an input is reported in one pass with its file and row.

pub mod npy;
pub mod pixels;
pub mod artifact;
pub mod checkpoint;
pub mod dataset;
pub mod retrain_cache;
pub mod synth;
