//! A function of the user's own, written for PyTorch, as data.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::terms::{ContentHash, Value};

/// Calls a Python function that unlearns. Everything that decides what it does stands here, so it is part of the run's id:
/// the bytes of its file and of what that imports from its own folder, its arguments, the interpreter and its PyTorch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Python {
    /// The file, as the grid names it.
    pub file: String,
    /// The function in it.
    pub function: String,
    /// What it is called with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub takes: Takes,
    /// Its keyword arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, Value>,
    /// Examples in a batch of the loaders.
    #[serde(default, skip_serializing_if = "is_default")]
    pub batch_size: BatchSize,
    /// Hash of the file's bytes.
    pub blake3: ContentHash,
    /// What it imports from its own folder, in the order of the paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Imported>,
    /// The program that runs it.
    pub interpreter: Interpreter,
}

/// What a function is called with before its keyword arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// `(net, retain_loader, forget_loader, val_loader)`, the signature of the NeurIPS 2023 competition.
    #[default]
    Loaders,
    /// `(net, data)`: tensors on the device of the run.
    Tensors,
}

/// Examples in a batch; 64 by default, as in the competition's starting kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSize(pub NonZeroU32);

impl Default for BatchSize {
    fn default() -> Self {
        Self(NonZeroU32::MIN.saturating_add(63))
    }
}

/// A file of the user's that the function's file imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// Below the folder of the function's file.
    pub path: String,
    /// Hash of its bytes.
    pub blake3: ContentHash,
}

/// A Python with PyTorch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpreter {
    /// The program, with its whole path.
    pub program: String,
    /// Version of the PyTorch that it imports.
    pub torch: String,
}
