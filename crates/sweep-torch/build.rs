//! Lets the package's tests find libtorch: they lie one folder deeper than the binaries, for which
//! `.cargo/config.toml` cares.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/../../../.libtorch/torch/lib");
    }
}
