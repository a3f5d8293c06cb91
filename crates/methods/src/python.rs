//! A method of the user's own: a function written for PyTorch.
//!
//! ```toml
//! [method.mine]
//! python = "my_method.py:unlearning"    # unlearning(net, retain_loader, forget_loader, val_loader, **hyper_parameters)
//! lr     = [1e-3, 1e-2]                 # any other key is an axis: a keyword argument of the function
//! ```
//!
//! `sweep` reads the function's signature from its source; this file only registers the name.

use sweep_protocol::recipe::Recipe;

use super::{Engines, Method, Tier};

/// The key that names the function.
pub const FUNCTION: &str = "python";

pub(super) const METHOD: Method = Method {
    name: "python",
    tier: Tier::Control,
    family: "your own",
    about: "Your own: `python = \"FILE.py:FUNCTION\"`, written for PyTorch; every other key is an axis, a keyword argument of \
            the function",
    source: "the file",
    failure_modes: "its own: weights and data are handed over, what is done with them is not looked at",
    engines: Engines::Torch,
    open: true,
    // The phase comes from the grid, which puts it in place of this.
    recipe: |_, _| Recipe::default(),
    ..Method::UNLEARNS
};
