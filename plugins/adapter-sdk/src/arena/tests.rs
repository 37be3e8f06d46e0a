//! Tests of the arena, natively: the same code, one instance per test.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 8).expect("small size, power of two")
}

#[test]
fn a_class_is_the_smallest_that_fits() {
    for bytes in 1..70_000 {
        let class = class_of(bytes);
        assert!(
            class_bytes(class) >= bytes,
            "{bytes} bytes do not fit class {class}"
        );
        let is_smallest = class == 0 || class_bytes(class - 1) < bytes;
        assert!(is_smallest, "{bytes} bytes fit a class below {class}");
    }
}

#[test]
fn the_classes_reach_the_size_of_the_arena() {
    assert!(class_bytes(CLASSES - 1) >= ARENA_BYTES);
}

#[test]
fn blocks_are_aligned_to_sixteen_bytes() {
    for class in 0..CLASSES {
        assert_eq!(class_bytes(class) % GRAIN, 0, "class {class}");
    }
}

#[test]
fn a_freed_block_is_used_again() {
    let arena = Arena::<4096>::new();
    unsafe {
        let first = arena.alloc(layout(100));
        let second = arena.alloc(layout(100));
        arena.dealloc(first, layout(100));
        assert_eq!(arena.alloc(layout(100)), first);
        assert_ne!(first, second);
    }
}

#[test]
fn the_newest_block_grows_in_place() {
    let arena = Arena::<4096>::new();
    unsafe {
        let block = arena.alloc(layout(100));
        assert_eq!(arena.realloc(block, layout(100), 3000), block);
        let next = arena.alloc(layout(16));
        let moved = arena.realloc(block, layout(3000), 4000);
        assert_ne!(
            moved, block,
            "a block with a neighbour cannot grow in place"
        );
        assert!(!arena.holds(moved), "4000 bytes have no room beside 3000");
        arena.dealloc(moved, layout(4000));
        arena.dealloc(next, layout(16));
    }
}

#[test]
fn a_buffer_cut_down_a_little_stays_and_one_cut_down_much_moves() {
    let arena = Arena::<4096>::new();
    unsafe {
        let block = arena.alloc(layout(1000));
        assert_eq!(arena.realloc(block, layout(1000), 700), block);
        let moved = arena.realloc(block, layout(700), 20);
        assert_ne!(moved, block);
        assert_eq!(
            arena.alloc(layout(700)),
            block,
            "the old block is free again"
        );
    }
}

#[test]
fn what_does_not_fit_goes_to_the_system_and_back() {
    let arena = Arena::<1024>::new();
    unsafe {
        let outside = arena.alloc(layout(2000));
        assert!(!outside.is_null() && !arena.holds(outside));
        let aligned = Layout::from_size_align(64, 64).expect("power of two");
        let page = arena.alloc(aligned);
        assert!(!arena.holds(page), "large alignments are the system's");
        arena.dealloc(page, aligned);
        arena.dealloc(outside, layout(2000));
        assert_eq!(arena.used.get(), 0);
    }
}

#[test]
fn a_block_within_the_arena_moves_to_the_system_with_its_content() {
    let arena = Arena::<1024>::new();
    unsafe {
        let block = arena.alloc(layout(900));
        block.write_bytes(7, 900);
        let moved = arena.realloc(block, layout(900), 5000);
        assert!(!arena.holds(moved));
        assert!((0..900).all(|index| moved.add(index).read() == 7));
        arena.dealloc(moved, layout(5000));
    }
}

/// One step of a caller: `grow` resizes the block at `index`, else it is freed or made.
#[derive(Debug, Clone)]
enum Step {
    Make(usize),
    Free(usize),
    Grow(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..3000_usize).prop_map(Step::Make),
        (0..64_usize).prop_map(Step::Free),
        (0..64_usize, 1..5000_usize).prop_map(|(index, bytes)| Step::Grow(index, bytes)),
    ];
    vec(step, 1..200)
}

proptest! {
    /// Every live block keeps its own content, whatever is done with the others.
    #[test]
    fn blocks_never_overlap(steps in steps()) {
        let arena = Arena::<16_384>::new();
        let mut live: Vec<(*mut u8, usize, u8)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let mark = u8::try_from(number % 251).expect("below 251");
            unsafe { apply(&arena, &mut live, step, mark) };
            for &(block, bytes, mark) in &live {
                let content = unsafe { std::slice::from_raw_parts(block, bytes) };
                prop_assert!(content.iter().all(|&byte| byte == mark));
            }
        }
        for (block, bytes, _) in live {
            unsafe { arena.dealloc(block, layout(bytes)) };
        }
    }
}

unsafe fn apply<const N: usize>(
    arena: &Arena<N>,
    live: &mut Vec<(*mut u8, usize, u8)>,
    step: Step,
    mark: u8,
) {
    unsafe {
        match step {
            Step::Make(bytes) => {
                let block = arena.alloc(layout(bytes));
                block.write_bytes(mark, bytes);
                live.push((block, bytes, mark));
            }
            Step::Free(index) if index < live.len() => {
                let (block, bytes, _) = live.swap_remove(index);
                arena.dealloc(block, layout(bytes));
            }
            Step::Grow(index, wanted) if index < live.len() => {
                let (block, bytes, mark) = live[index];
                let block = arena.realloc(block, layout(bytes), wanted);
                block.write_bytes(mark, wanted);
                live[index] = (block, wanted, mark);
            }
            Step::Free(_) | Step::Grow(..) => {}
        }
    }
}
