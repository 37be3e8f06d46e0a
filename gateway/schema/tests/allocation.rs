//! Holds the check and the links of frequent records to their promise: nothing
//! is allocated while nothing is wrong.
//!
//! A binary of its own, because it replaces the allocator and must not share
//! it with other tests.

#![expect(
    unsafe_code,
    reason = "a counting allocator can only be installed with unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use proto::v1::record::Entity;
use proto::v1::{
    CoordinateSystem, Observation, Position, Quantity, Record, Statistic, UnitSource, VehicleTrack,
};

thread_local! {
    /// Allocations of this thread.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    run();
    COUNT.with(Cell::get) - before
}

fn observation() -> Record {
    let observation = Observation {
        mn: "010000A8900016F000169DC0".to_owned(),
        cn: 2011,
        data_time: schema::date_time::read("20260901080500").value,
        factor: "w01018".to_owned(),
        stat: Statistic::Rtd.into(),
        value: Some(Quantity {
            value: "35.2".to_owned(),
            unit: "mg/L".to_owned(),
            unit_source: UnitSource::DeviceConfig.into(),
            ..Quantity::default()
        }),
        ..Observation::default()
    };
    Record {
        envelope: None,
        entity: Some(Entity::Observation(observation)),
    }
}

fn track() -> Record {
    let track = VehicleTrack {
        terminal_id: "013800138000".to_owned(),
        at: schema::date_time::read("20260901080500").value,
        position: Some(Position {
            longitude: "109.840347".to_owned(),
            latitude: "40.657449".to_owned(),
            system: CoordinateSystem::Wgs84.into(),
        }),
        speed: "43.5".to_owned(),
        ..VehicleTrack::default()
    };
    Record {
        envelope: None,
        entity: Some(Entity::VehicleTrack(track)),
    }
}

#[test]
fn frequent_records_in_order_cost_no_allocation() {
    for mut record in [observation(), track()] {
        let count = allocations(|| {
            assert!(schema::check(black_box(&record)).is_empty());
            assert!(schema::links(black_box(&record)).device.is_some());
            assert!(!schema::strip_derived(black_box(&mut record)));
        });
        assert_eq!(count, 0, "{}", record.entity_name());
    }
}

#[test]
fn the_count_notices_an_allocation() {
    assert_eq!(allocations(|| drop(black_box("x".repeat(10)))), 1);
}
