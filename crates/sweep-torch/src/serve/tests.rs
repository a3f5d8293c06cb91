use std::num::NonZeroU32;

use sweep_protocol::{FORMAT, message::FromWorker, terms};
use tch::Device;

use super::{Place, serve};

#[test]
fn the_engine_says_who_it_is() {
    let place = Place {
        name: terms::Device::Cpu,
        device: Device::Cpu,
        products: terms::Products::Float32,
        rows: NonZeroU32::MIN,
    };
    let mut output = Vec::new();
    serve(place, None, &b""[..], &mut output).expect("an end is no error");
    let Ok(FromWorker::Hello(hello)) = serde_json::from_slice(&output) else {
        panic!("one hello, not {}", String::from_utf8_lossy(&output))
    };
    assert_eq!((hello.format, hello.engine.as_str(), hello.trains), (FORMAT, "torch", true));
    assert_eq!(hello.version, crate::version());
}
