//! Measures the memory that a thread asks for, so that "bounded" can be tested: where [`Meter`] is the
//! `#[global_allocator]` of the test program.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Meter;

fn count(change: isize) {
    // A thread that is ending has no cells any more.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + change);
        PEAK.try_with(|peak| peak.set(peak.get().max(live.get())))
    });
}

#[expect(unsafe_code, reason = "an allocator can't be written without; it only counts and passes on")]
// SAFETY: every call goes unchanged to the system's allocator.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `work` gives, and by how many bytes the memory of this thread grew meanwhile.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = work();
    (result, (PEAK.get() - before).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::{Meter, peak};

    #[global_allocator]
    static METER: Meter = Meter;

    #[test]
    fn the_meter_sees_what_is_allocated_and_freed() {
        let (length, bytes) = peak(|| {
            drop(vec![1_u8; 1 << 20]);
            vec![1_u8; 1 << 16].len()
        });
        assert_eq!(length, 1 << 16);
        assert!((1 << 20..2 << 20).contains(&bytes), "{bytes}");
    }
}
