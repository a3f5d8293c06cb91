use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A place that can train: `cpu`, or the GPU `cuda:N` (counted as the driver lists them by bus id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// The host's processor.
    Cpu,
    /// GPU number N.
    Cuda(u32),
}

/// The text names no device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotADevice(String);

impl fmt::Display for NotADevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no device; write \"cpu\" or \"cuda:N\"", self.0.escape_debug())
    }
}

impl std::error::Error for NotADevice {}

impl FromStr for Device {
    type Err = NotADevice;

    fn from_str(text: &str) -> Result<Self, NotADevice> {
        match text.strip_prefix("cuda:").map(str::parse) {
            Some(Ok(index)) => Ok(Self::Cuda(index)),
            None if text == "cpu" => Ok(Self::Cpu),
            Some(Err(_)) | None => Err(NotADevice(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Device {
    type Error = NotADevice;

    fn try_from(text: String) -> Result<Self, NotADevice> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.pad("cpu"),
            Self::Cuda(index) => formatter.pad(&format!("cuda:{index}")),
        }
    }
}
