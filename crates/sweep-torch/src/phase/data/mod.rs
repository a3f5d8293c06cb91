//! Where batches come from: streams of examples, and what is taken for their labels.

mod augment;
mod feed;
mod labels;
mod share;

pub(super) use feed::{Batch, Feed, batch_length};
pub(super) use share::share;
