//! Rewritten components that run in the engine, and those that are refused.

mod endless;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use wasmtime::component::{Component as Loaded, Linker};
use wasmtime::{Engine, Store, StoreContextMut, Trap};

use super::*;
use crate::cache::Cache;
use crate::compiler::native_code;
use crate::priority::{Thread, this_thread, time_of};
use crate::stop::{Address, Reason, Stop};
use crate::{Compiler, Config};

/// Longest wait for a guest that should have been ended: it is not, and the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Processor time after which a guest is inside whatever does not end.
const INSIDE: Duration = Duration::from_millis(20);

/// What these stores hold: as a sandbox's, guests read the beginning.
#[repr(C)]
struct Guest {
    words: Address,
    stop: Arc<Stop>,
    /// Told once the guest is about to do what does not end.
    inside: mpsc::Sender<(Thread, Arc<Stop>)>,
    /// What the guest said.
    said: Vec<u32>,
}

/// A component around a module, whose functions `run`, if it has one, and `start` are called. The
/// module imports `inside` and `say` from the host.
fn around(module: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (import "inside" (func $inside))
            (import "say" (func $say (param "number" u32)))
            (core func $inside (canon lower (func $inside)))
            (core func $say (canon lower (func $say)))
            (core module $guest
                (import "host" "inside" (func $inside))
                (import "host" "say" (func $say (param i32)))
                {module})
            (core instance $host
                (export "inside" (func $inside))
                (export "say" (func $say)))
            (core instance $guest (instantiate $guest (with "host" (instance $host))))
            (func (export "run") (canon lift (core func $guest "run"))))"#
    );
    wat::parse_str(text).expect("is well-formed")
}

struct Machine {
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let config = Config {
            workers: 1,
            adapters: 1,
            ..Config::recommended("".into(), [0; 32], Compiler::unused())
        };
        Self {
            engine: crate::engine::running(&config).expect("an engine"),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn load(&self, component: &[u8]) -> Loaded {
        let cache = Cache::open(self.folder.path(), [7; 32]).expect("a cache");
        let native = native_code(component).expect("compiles");
        let native = cache.write("native", native).expect("is kept");
        native.load(&self.engine).expect("loads")
    }

    /// Runs `run` of a component; what it said, and how it ended.
    fn run(&self, component: &[u8]) -> (Vec<u32>, wasmtime::Result<()>) {
        let loaded = self.load(component);
        let mut linker = Linker::new(&self.engine);
        let mut root = linker.root();
        let inside = |store: StoreContextMut<'_, Guest>, (): ()| {
            let data = store.data();
            let told = data.inside.send((this_thread(), Arc::clone(&data.stop)));
            told.expect("somebody listens");
            Ok(())
        };
        root.func_wrap("inside", inside).expect("is new");
        let say = |mut store: StoreContextMut<'_, Guest>, (number,): (u32,)| {
            store.data_mut().said.push(number);
            Ok(())
        };
        root.func_wrap("say", say).expect("is new");
        let (inside, told) = mpsc::channel::<(Thread, Arc<Stop>)>();
        let has_ended = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&has_ended);
        // Ends the guest once it has worked for a while on what does not end.
        let watching = thread::spawn(move || {
            while let Ok((thread, stop)) = told.recv() {
                let worked = || time_of(thread).unwrap_or(Duration::MAX);
                let since = worked();
                while worked().saturating_sub(since) < INSIDE && !is_over.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                stop.strike(Reason::Deadline);
            }
        });
        let stop = Arc::new(Stop::new());
        let data = Guest {
            words: stop.address(),
            stop,
            inside,
            said: Vec::new(),
        };
        let mut store = Store::new(&self.engine, data);
        let run = |store: &mut Store<Guest>| {
            let instance = linker.instantiate(&mut *store, &loaded)?;
            let run = instance.get_typed_func::<(), ()>(&mut *store, "run")?;
            run.call(&mut *store, ())
        };
        let ended = run(&mut store);
        has_ended.store(true, Ordering::Relaxed);
        let said = std::mem::take(&mut store.data_mut().said);
        drop(store);
        watching.join().expect("no panic");
        (said, ended)
    }
}

/// Whether a guest that does not end is ended, and has said nothing afterwards.
fn is_ended(module: &str) {
    let component = around(module);
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        // Who waits may have given up.
        let _ = done.send(Machine::new().run(&component));
    });
    let (said, ended) = match ended.recv_timeout(PATIENCE) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => panic!("it goes on: {}", begin(module)),
        Err(RecvTimeoutError::Disconnected) => panic!("it failed: {}", begin(module)),
    };
    let Err(error) = ended else {
        panic!("it ended by itself: {}", begin(module))
    };
    let trap = error.downcast_ref::<Trap>();
    let expected = Some(&Trap::UnreachableCodeReached);
    assert_eq!(trap, expected, "{}: {error:?}", begin(module));
    assert_eq!(said, [0_u32; 0], "{}", begin(module));
}

/// Enough of a module to know it by.
fn begin(module: &str) -> &str {
    &module[..module.floor_char_boundary(500)]
}

#[test]
fn a_guest_that_ends_by_itself_does_what_it_did_before() {
    // Imports, calls, tables, globals and starts under their new numbers.
    let component = around(
        r#"(type $t (func (param i32) (result i32)))
           (global $g (mut i32) (i32.const 40))
           (global $r funcref (ref.func $double))
           (table $f funcref (elem $double $next))
           (start $begin)
           (func $begin (call $say (i32.const 1)))
           (func $double (type $t) (i32.mul (local.get 0) (i32.const 2)))
           (func $next (type $t) (i32.add (local.get 0) (i32.const 1)))
           (func $sum (param $to i32) (result i32) (local $sum i32)
              (block $out
                 (loop $l
                    (br_if $out (i32.eqz (local.get $to)))
                    (local.set $sum (i32.add (local.get $sum) (local.get $to)))
                    (local.set $to (i32.sub (local.get $to) (i32.const 1)))
                    (br $l)))
              (local.get $sum))
           (func (export "run")
              (call $say (call_indirect (type $t) (global.get $g) (i32.const 0)))
              (call $say (call_indirect (type $t) (global.get $g) (i32.const 1)))
              (call $say (call $sum (i32.const 100))))"#,
    );
    let (said, ended) = Machine::new().run(&component);
    ended.expect("ends");
    assert_eq!(said, [1, 80, 41, 5050]);
}

/// Every index of each table, and some beyond it, with and without a value that is branched with.
#[test]
fn tables_of_jumps_choose_as_before() {
    for table in [
        "$a $d",
        "$d $a",
        "$a $b $a $b $d",
        "$d $d $d $a $b $c $d $d $a $d",
        "$a $a $a $d",
        "$a $d $d $a $d $d $a $d",
        "$a $b $c $d $a $b $c $d",
        "$d $d $d",
        "$d",
        &format!("$a {} $a $d", "$d ".repeat(62)),
        &format!("$a {} $a $d", "$d ".repeat(63)),
        &format!("{} $b $d", "$a ".repeat(70)),
        &format!("$d {} $b $a $d", "$a ".repeat(70)),
    ] {
        let count = table.split_whitespace().count();
        let targets: Vec<_> = table.split_whitespace().collect();
        let expected = |index: usize| match targets[index.min(count - 1)] {
            "$a" => 1,
            "$b" => 2,
            "$c" => 3,
            _ => 4,
        };
        let choose = |name: &str, value: &str, ty: &str| {
            format!(
                "(func {name} (param $n i32) (result i32)
                    (block $d {ty} (block $c {ty} (block $b {ty} (block $a {ty}
                        {value} (br_table {table} (local.get $n)))
                      (return (i32.const 1))) (return (i32.const 2))) (return (i32.const 3)))
                    (i32.const 4) (return))"
            )
        };
        let indices: Vec<u32> = (0..count + 3)
            .map(|index| u32::try_from(index).expect("is small"))
            .chain([64, 65, 127, 128, 1 << 31, u32::MAX])
            .collect();
        let calls: String = indices
            .iter()
            .map(|index| {
                let index = index.cast_signed();
                format!("(call $say (call $bare (i32.const {index}))) (call $say (call $valued (i32.const {index})))")
            })
            .collect();
        let component = around(&format!(
            r#"{} {} (func (export "run") {calls})"#,
            choose("$bare", "", ""),
            choose("$valued", "(i64.const 7)", "(result i64)"),
        ));
        let (said, ended) = Machine::new().run(&component);
        ended.expect("ends");
        let expected: Vec<u32> = indices
            .iter()
            .flat_map(|index| [expected(*index as usize); 2])
            .collect();
        assert_eq!(said, expected, "{table}");
    }
}

#[test]
fn a_table_that_branches_with_values_of_no_type_stays_one() {
    // Valid, for a table leaves nothing behind: the blocks take values of two types.
    let component = around(
        r#"(func $f (result i32)
              (block (result i32)
                 (block (result i64) (unreachable) (br_table 0 1 (i32.const 0)))
                 (drop) (i32.const 1)))
           (func (export "run") (drop (call $f)))"#,
    );
    let (_, ended) = Machine::new().run(&component);
    let error = ended.expect_err("is unreachable");
    assert!(error.downcast_ref::<Trap>().is_some(), "{error:?}");
}

#[test]
fn names_in_components_are_not_read() {
    let mut component = around(r#"(func (export "run") (call $say (i32.const 7)))"#);
    // A section of names that is none.
    let name = b"component-name";
    let content = [&[14], name.as_slice(), &[1, 0xff, 0xff, 0xff]].concat();
    component.extend(
        [
            &[0, u8::try_from(content.len()).expect("is short")],
            &content[..],
        ]
        .concat(),
    );
    let (said, ended) = Machine::new().run(&component);
    ended.expect("ends");
    assert_eq!(said, [7]);
}

#[test]
fn modules_in_components_inside_and_modules_used_twice_are_ended() {
    let inner = r#"
        (component $inner
            (import "inside" (func $inside))
            (core func $inside (canon lower (func $inside)))
            (core module $guest
                (import "host" "inside" (func $inside))
                (func (export "run") (call $inside) (loop $l (br $l))))
            (core instance $host (export "inside" (func $inside)))
            (core instance $guest (instantiate $guest (with "host" (instance $host))))
            (core instance $other (instantiate $guest (with "host" (instance $host))))
            (func (export "run") (canon lift (core func $other "run"))))"#;
    let outer = format!(
        r#"(component
            (import "inside" (func $inside))
            (type $unused (func))
            (component $caller
                (import "run" (func $run))
                (core func $run (canon lower (func $run)))
                (core module $calls (import "" "run" (func $run)) (func (export "run") (call $run)))
                (core instance $calls
                    (instantiate $calls (with "" (instance (export "run" (func $run))))))
                (func (export "run") (canon lift (core func $calls "run"))))
            {inner}
            (instance $inner (instantiate $inner (with "inside" (func $inside))))
            (component $between
                (alias outer 1 $caller (component $again))
                (alias outer 1 $unused (type $also))
                (import "run" (func $run (type $also)))
                (instance $it (instantiate $again (with "run" (func $run))))
                (export "run" (func $it "run")))
            (instance $between (instantiate $between (with "run" (func $inner "run"))))
            (export "run" (func $between "run")))"#
    );
    let component = wat::parse_str(outer).expect("is well-formed");
    let (_, ended) = Machine::new().run(&component);
    let error = ended.expect_err("does not end by itself");
    let trap = error.downcast_ref::<Trap>();
    assert_eq!(trap, Some(&Trap::UnreachableCodeReached), "{error:?}");
}

fn refusal(text: &str) -> String {
    let component = wat::parse_str(text).expect("is well-formed");
    let refused = native_code(&component).expect_err("is refused");
    crate::compiler::chain(refused.as_ref())
}

#[test]
fn a_component_that_knows_the_name_of_the_engines_functions_is_refused() {
    let own = "which is a name of the compiler's own";
    for text in [
        // By itself.
        r#"(component (import "lawgate-stop" (instance (export "u64-native-load" (func (param "address" u64) (result u64))))))"#,
        // By a component inside.
        r#"(component (component (import "lawgate-stop" (func))))"#,
        // By a module, which would get what is only there for the looks.
        r#"(component (core module (import "lawgate-stop" "u64-native-load" (func (param i64) (result i64))) (func)))"#,
        r#"(component (core module (import "lawgate-stop" "u64-native-load" (func (param i64) (result i64)))))"#,
        // By a module inside a component inside.
        r#"(component (component (core module (import "lawgate-stop" "x" (global i32)))))"#,
    ] {
        let said = refusal(text);
        assert!(said.contains(own), "{text}: {said}");
    }
    let handed = refusal(
        r#"(component
            (core module $m)
            (component $c (import "m" (core module)))
            (instance (instantiate $c (with "m" (core module $m)))))"#,
    );
    assert!(handed.contains("gives m, a module"), "{handed}");
    // By an instance of its own, which the engine's would stand beside.
    let text = r#"(component
        (core module $m)
        (core instance $x)
        (core instance (instantiate $m (with "lawgate-stop" (instance $x)))))"#;
    let said = refusal(text);
    assert!(said.contains("lawgate-stop"), "{said}");
}

#[test]
fn what_is_not_valid_is_refused_before_anything_is_added() {
    // The module lacks a function; with those that are added there would be one of that number.
    let text = r#"(component (core module (type (func (result i64))) (func (type 0) (call 1))))"#;
    let said = refusal(text);
    assert!(said.contains("unknown function 1"), "{said}");
    // The component lacks an instance.
    let mut component =
        wat::parse_str("(component (core module $m) (core instance (instantiate $m)))")
            .expect("is well-formed");
    let argument = [2, 4, 1, 0, 0, 0];
    let place = component
        .windows(6)
        .position(|part| part == [2, 4, 1, 0, 0, 0]);
    let place = place.unwrap_or_else(|| panic!("{argument:?} in {component:?}"));
    component[place + 4] = 9;
    assert!(native_code(&component).is_err());
}

/// Whatever a byte is changed to, a component is refused or stays a valid one.
#[test]
fn changed_bytes_never_make_the_rewriting_fail_otherwise() {
    let component = around(
        r#"(memory 1) (table funcref (elem $f)) (global i32 (i32.const 3)) (start $f)
           (func $f (loop $l (br_table 0 1 1 0 (i32.const 1))))
           (func (export "run") (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))"#,
    );
    let mut accepted = 0;
    for place in 0..component.len() {
        for value in [0, 1, 2, 3, 0x0b, 0x10, 0x40, 0x60, 0x7f, 0x80, 0xff] {
            let mut changed = component.clone();
            changed[place] = value;
            if let Ok(rewritten) = rewritten(&changed) {
                accepted += 1;
                let fault = parser::Validator::new().validate_all(&rewritten).err();
                assert!(fault.is_none(), "{place}, {value:#x}: {fault:?}");
            }
        }
    }
    assert!(accepted > component.len(), "{accepted}");
}
