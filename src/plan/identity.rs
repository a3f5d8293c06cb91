use std::collections::BTreeMap;

use serde::Serialize;
use sweep_protocol::{
    FORMAT,
    network::Network,
    recipe::Recipe,
    terms::{ContentHash, RunId, Seed, Value},
};

/// What decides the results of all runs of one label, in the order in which it is hashed.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Identity<'a> {
    /// Name and version of the engine.
    pub engine: &'a str,
    /// Hash of the data set.
    pub data: Option<&'a ContentHash>,
    /// The network.
    pub network: Option<&'a Network>,
    /// What the weights start from: a checkpoint's hash, the id of the run that trains the original, or nothing.
    pub start: Option<&'a str>,
    /// The method.
    pub method: &'a str,
}

/// The rest of what decides a result, in the order in which it is hashed.
#[derive(Serialize)]
struct OfPoint<'a> {
    parameters: &'a BTreeMap<String, Value>,
    recipe: &'a Recipe,
}

/// Names runs: the hash of canonical JSON (fixed field order, sorted parameters, shortest floats) together with the
/// format version. What runs share is hashed once.
#[derive(Debug)]
pub struct Names {
    /// For each start, has taken in the identity up to the parameters.
    shared: Vec<blake3::Hasher>,
    text: Vec<u8>,
}

impl Names {
    /// Names for the runs of one label.
    pub fn of(identity: &Identity<'_>) -> Self {
        Self::in_turn(identity, &[identity.start])
    }

    /// Names for the runs of one label that begin with these starts (at least one) in turn, instead of that of the identity:
    /// seed s with number s mod K.
    pub fn in_turn(identity: &Identity<'_>, starts: &[Option<&str>]) -> Self {
        let shared = |start: Option<&str>| {
            let identity = Identity { start, ..*identity };
            let mut text = serde_json::to_vec(&identity).expect("plain data serialises");
            text.pop();
            let mut shared = blake3::Hasher::new_derive_key("sweep run identity");
            shared.update(&FORMAT.to_le_bytes());
            shared.update(&text);
            shared
        };
        Self { shared: starts.iter().copied().map(shared).collect(), text: Vec::new() }
    }

    /// The ids of the runs of one point, in the order of `seeds`.
    pub fn runs<I: Iterator<Item = Seed>>(
        &mut self,
        parameters: &BTreeMap<String, Value>,
        recipe: &Recipe,
        seeds: I,
    ) -> impl Iterator<Item = RunId> + use<I> {
        self.text.clear();
        // One write of the whole is much cheaper for the hasher than hundreds of small ones.
        serde_json::to_writer(&mut self.text, &OfPoint { parameters, recipe })
            .expect("plain data serialises");
        self.text.pop();
        // The two objects become one.
        self.text[0] = b',';
        let mut points = self.shared.clone();
        for point in &mut points {
            point.update(&self.text);
        }
        seeds.map(move |seed| {
            let point = &points[(seed.0 % points.len() as u64) as usize];
            let hex = point.clone().update(format!(",\"seed\":{seed}}}").as_bytes()).finalize().to_hex();
            hex[..32].parse().expect("32 lowercase hexadecimal digits")
        })
    }
}
