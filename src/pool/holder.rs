use crate::store::Holder;

/// This process, as it introduces itself to others that want the same results.
pub fn this_scheduler() -> Holder {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    Holder {
        host: if host.is_empty() { "an unnamed host" } else { host }.to_owned(),
        pid: std::process::id(),
        since: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::this_scheduler;

    #[test]
    fn a_scheduler_can_be_found_by_what_it_says() {
        let holder = this_scheduler();
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.host.is_empty() && !holder.host.contains('\n'), "{holder:?}");
        let shape: String = holder.since.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00 00:00:00Z");
    }
}
