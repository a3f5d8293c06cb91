//! PyTorch checkpoints and safetensors files, read without executing anything.
