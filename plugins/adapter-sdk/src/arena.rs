//! The guest's allocator: a static arena first, the system's allocator after it.
//!
//! Every submission has a fresh sandbox, so what counts is the cost of the
//! first few hundred kilobytes. The standard allocator of the target always
//! grows the linear memory, which costs the host two `mprotect` calls for each
//! sandbox, under a lock shared by all threads; memory that is part of the
//! module from the start costs nothing. Blocks are cut from the arena by size
//! class and freed blocks wait in a list of their class, never merged: a
//! sandbox lives for one call. What does not fit goes to the system.
//!
//! Only a guest uses it as its global allocator. A guest has a single thread.

#![expect(
    unsafe_code,
    reason = "an allocator hands out raw memory; only this file"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: Arena<ARENA_BYTES> = Arena::new();

/// Size of a guest's arena, in bytes.
///
/// 1 MiB holds a submission of 64 documents of 2 KiB with what is made of
/// them; it is zero-initialised, so it adds nothing to the component's size,
/// and pages never touched cost the host nothing.
pub const ARENA_BYTES: usize = 1 << 20;

/// Alignment of every block, and the smallest block, in bytes.
const GRAIN: usize = 16;

/// Number of size classes: four in each doubling, up to the size of the arena.
const CLASSES: usize = 64;

/// Memory of `N` bytes, handed out by size class, with the system behind it.
pub struct Arena<const N: usize> {
    memory: Memory<N>,
    /// Bytes handed out so far from the front; the rest was never used.
    used: Cell<usize>,
    /// First free block of every class; each block's first word is the next.
    free: [Cell<*mut u8>; CLASSES],
}

#[repr(C, align(16))]
struct Memory<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: a WebAssembly guest without the threads proposal has one thread, and
// the gateway's engine refuses that proposal. Natively no static exists.
#[cfg(target_family = "wasm")]
unsafe impl<const N: usize> Sync for Arena<N> {}

impl<const N: usize> Arena<N> {
    /// An unused arena.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: Memory(UnsafeCell::new([0; N])),
            used: Cell::new(0),
            free: [const { Cell::new(ptr::null_mut()) }; CLASSES],
        }
    }

    fn start(&self) -> *mut u8 {
        self.memory.0.get().cast()
    }

    fn holds(&self, block: *const u8) -> bool {
        (block as usize).wrapping_sub(self.start() as usize) < N
    }

    /// A block for `class`, or null when the arena has no room for it.
    #[inline]
    fn take(&self, class: usize) -> *mut u8 {
        let first = self.free[class].get();
        if !first.is_null() {
            // SAFETY: a block in a free list holds the next one in its first
            // word, written by `give`; blocks are aligned to 16 bytes.
            self.free[class].set(unsafe { first.cast::<*mut u8>().read() });
            return first;
        }
        let bytes = class_bytes(class);
        let used = self.used.get();
        if bytes > N - used {
            return ptr::null_mut();
        }
        self.used.set(used + bytes);
        // SAFETY: `used + bytes <= N`, so the block lies within the arena.
        unsafe { self.start().add(used) }
    }

    /// Puts a block of `class` into the free list.
    ///
    /// # Safety
    /// `block` came from `take` of the same class and is not used any more.
    #[inline]
    unsafe fn give(&self, block: *mut u8, class: usize) {
        // The newest block goes back to the unused rest, so that a buffer that
        // grew and was dropped leaves room for a larger one.
        let offset = block as usize - self.start() as usize;
        if offset + class_bytes(class) == self.used.get() {
            self.used.set(offset);
            return;
        }
        // SAFETY: the block is ours, at least one word long, and aligned.
        unsafe { block.cast::<*mut u8>().write(self.free[class].get()) };
        self.free[class].set(block);
    }

    /// Grows the newest block in place from `class` to `wider`; says whether it could.
    fn extend(&self, block: *mut u8, class: usize, wider: usize) -> bool {
        let offset = block as usize - self.start() as usize;
        let is_newest = offset + class_bytes(class) == self.used.get();
        let fits = is_newest && class_bytes(wider) <= N - offset;
        if fits {
            self.used.set(offset + class_bytes(wider));
        }
        fits
    }
}

impl<const N: usize> Default for Arena<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The class of blocks for `bytes`, or `CLASSES` and more when there is none.
///
/// Four classes in each doubling: at most a quarter of a block is wasted.
#[inline]
fn class_of(bytes: usize) -> usize {
    let grains = bytes.max(1).div_ceil(GRAIN);
    if grains <= 4 {
        return grains - 1;
    }
    let last = grains - 1;
    let doubling = last.ilog2() as usize;
    // The two bits below the leading one choose among the four.
    4 * (doubling - 1) + ((last >> (doubling - 2)) & 3)
}

/// The size of the blocks of a class, in bytes; the inverse of `class_of`.
#[inline]
fn class_bytes(class: usize) -> usize {
    if class < 4 {
        return (class + 1) * GRAIN;
    }
    let doubling = class / 4 + 1;
    ((4 + class % 4 + 1) << (doubling - 2)) * GRAIN
}

// SAFETY: blocks are disjoint (cut once from the front, owned by one list or by
// one caller), at least as large as asked and aligned to 16 bytes; larger
// alignments and what has no room go to the system with the caller's layout,
// and an address tells which of the two a block came from.
unsafe impl<const N: usize> GlobalAlloc for Arena<N> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class_of(layout.size());
        if class < CLASSES && layout.align() <= GRAIN {
            let block = self.take(class);
            if !block.is_null() {
                return block;
            }
        }
        // SAFETY: the caller's own promise about the layout.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.holds(block) {
            // SAFETY: blocks within the arena come from `take` with this class.
            unsafe { self.give(block, class_of(layout.size())) }
        } else {
            // SAFETY: all other blocks come from the system with this layout.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if !self.holds(block) {
            // SAFETY: the block came from the system with this layout.
            return unsafe { System.realloc(block, layout, bytes) };
        }
        let (class, wanted) = (class_of(layout.size()), class_of(bytes));
        // A buffer cut down to its content stays where it is; unless more than
        // half would be lost, since the block will be freed as the smaller one.
        let stays = wanted <= class && wanted + 4 > class;
        let grows = wanted > class && wanted < CLASSES && self.extend(block, class, wanted);
        if stays || grows {
            return block;
        }
        // SAFETY: the caller guarantees that `bytes` with this alignment is a layout.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(bytes, layout.align())) };
        if !moved.is_null() {
            // SAFETY: both blocks have room for the shorter size and are distinct.
            unsafe {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(bytes));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests;
