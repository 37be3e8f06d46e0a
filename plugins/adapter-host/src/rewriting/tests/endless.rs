//! Guests that do not end by themselves, or not for long: each is ended.

use super::is_ended;
use crate::stop::WORDS;

#[test]
fn loops_of_every_shape_are_ended() {
    for body in [
        // Nothing in it.
        "(loop $l (br $l))",
        // Nothing but arithmetic.
        "(local $n i32) (loop $l (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $l))",
        // Stores, and loads of what was stored.
        "(loop $l (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))) (br $l))",
        // The inner one of two, with no store since the outer one looked.
        "(loop $o (loop $l (br $l)) (br $o))",
        // The outer one: the inner one ends at once.
        "(loop $o (loop $l) (br $o))",
        // The second of two, with no store since the first one looked.
        "(loop $l) (loop $m (br $m))",
        // Both ways of a choice.
        "(local $n i32)
         (loop $l
            (if (i32.and (local.get $n) (i32.const 1))
                (then (local.set $n (i32.const 0)) (br $l))
                (else (local.set $n (i32.const 1)) (br $l))))",
        // Back from inside a block, by a table.
        "(local $n i32) (loop $l (block $b (block $c (br_table $l $l $l (local.get $n)))) (br $l))",
        // With values that the loop is given and gives back.
        "(i32.const 1) (loop $l (param i32) (result i32) (i32.const 1) (i32.add) (br $l)) (drop)",
        // Far inside.
        "(block (block (block (loop $a (if (i32.const 1) (then (block (loop $l (br $l)))))))))",
        // Through a local table of functions and back.
        "(loop $l (call_indirect (i32.const 0)) (br $l))",
    ] {
        is_ended(&format!(
            r#"(memory 1) (table funcref (elem $nothing)) (func $nothing)
               (func $work {body})
               (func (export "run") (call $inside) (call $work) (call $say (i32.const 1)))"#
        ));
    }
}

#[test]
fn calls_without_loops_are_ended() {
    for functions in [
        // A function that ends by calling itself.
        "(func $f (return_call $f))",
        "(func $f (return_call $g (i32.const 0)))
         (func $g (param i32) (return_call $g (i32.add (local.get 0) (i32.const 1))))",
        // Two that end by calling each other.
        "(func $f (return_call $g)) (func $g (return_call $f))",
        // The same through a table.
        "(type $t (func)) (table funcref (elem $f)) (func $f (return_call_indirect (type $t) (i32.const 0)))",
        // By reference.
        "(type $t (func)) (elem declare func $f) (func $f (return_call_ref $t (ref.func $f)))",
        // Three, of which only the second is called from outside.
        "(func $f (call $h)) (func $g (return_call $h)) (func $h (return_call $i)) (func $i (return_call $g))",
    ] {
        is_ended(&format!(
            r#"{functions} (func (export "run") (call $inside) (call $f) (call $say (i32.const 1)))"#
        ));
    }
}

/// 2⁶⁰ calls in a few hundred bytes, without a loop and without recursion.
#[test]
fn a_tree_of_calls_is_ended() {
    let mut functions = String::from("(func $f0)");
    for level in 1..=60 {
        let below = level - 1;
        functions.push_str(&format!(
            "(func $f{level} (call $f{below}) (call $f{below}))"
        ));
    }
    is_ended(&format!(
        r#"{functions} (func (export "run") (call $inside) (call $f60) (call $say (i32.const 1)))"#
    ));
}

/// 8 · 10⁸ square roots, each of the one before, in functions without a loop that do little each.
#[test]
fn many_calls_of_what_does_not_look_are_ended() {
    let roots = "(f64.sqrt)".repeat(4_090);
    let calls = "(call $f)".repeat(200_000);
    is_ended(&format!(
        r#"(func $f (param f64) (result f64) (local.get 0) {roots})
           (func $g (result f64) (f64.const 2) {calls})
           (func (export "run") (call $inside) (drop (call $g)) (call $say (i32.const 1)))"#
    ));
}

/// The same through a table, and of functions that may be called from anywhere.
#[test]
fn many_calls_through_a_table_are_ended() {
    let roots = "(f64.sqrt)".repeat(60);
    let calls = "(call_indirect (type $t) (i32.const 0))".repeat(100);
    let levels: String = (1..8)
        .map(|level| {
            let below = format!("(call $f{})", level - 1).repeat(20);
            format!("(func $f{level} (param f64) (result f64) (local.get 0) {below})")
        })
        .collect();
    is_ended(&format!(
        r#"(type $t (func (param f64) (result f64))) (table funcref (elem $e))
           (func $e (type $t) (local.get 0) {roots})
           (func $f0 (param f64) (result f64) (local.get 0) {calls})
           {levels}
           (func (export "run") (call $inside) (drop (call $f7 (f64.const 2))) (call $say (i32.const 1)))"#
    ));
}

/// Each caller has some 60,000 square roots to go when its call comes back.
#[test]
fn a_tower_of_callers_is_ended_while_it_comes_down() {
    let roots = "(f64.sqrt)".repeat(4_090);
    let leaf = format!("(func $leaf (param f64) (result f64) (local.get 0) {roots})");
    let rest = format!("(drop (f64.const 2) {})", "(call $leaf)".repeat(15));
    // By recursion, by a detour, by a table, and by as many functions.
    let below = "(if (i32.eqz (local.get 0)) (then (call $inside) (return)))
        (i32.sub (local.get 0) (i32.const 1))";
    let recursive = format!("(func $f (param i32) {below} (call $f) {rest})");
    let detour = format!(
        "(func $f (param i32) {below} (call $g) {rest})
         (func $g (param i32) (local.get 0) (call $f) {rest})"
    );
    let through_a_table = format!(
        "(type $t (func (param i32))) (table funcref (elem $f))
         (func $f (type $t) {below} (call_indirect (type $t) (i32.const 0)) {rest})"
    );
    let mut many = String::from("(func $f0 (param i32) (call $inside))");
    for level in 1..=500 {
        let below = level - 1;
        many.push_str(&format!(
            "(func $f{level} (param i32) (local.get 0) (call $f{below}) {rest})"
        ));
    }
    many.push_str("(func $f (param i32) (local.get 0) (call $f500))");
    for functions in [recursive, detour, through_a_table, many] {
        is_ended(&format!(
            r#"{leaf} {functions}
               (func (export "run") (call $f (i32.const 2000)) (call $say (i32.const 1)))"#
        ));
    }
}

#[test]
fn a_function_with_more_places_than_words_is_ended_in_its_last_loop() {
    let loops = "(loop)".repeat(WORDS + 10);
    is_ended(&format!(
        r#"(func (export "run") (call $inside) {loops} (loop $l (br $l)) (call $say (i32.const 1)))"#
    ));
}

#[test]
fn a_start_function_is_ended() {
    is_ended(
        r#"(start $s) (func $s (call $inside) (loop $l (br $l))) (func (export "run") (call $say (i32.const 1)))"#,
    );
}

/// Each fills or copies 60 MiB or a table, ten thousand times without a loop.
#[test]
fn filling_and_copying_is_ended_between_two_operators() {
    let memory = "(i32.const 0) (i32.const 0) (i32.const 62914560)";
    let moved = "(i32.const 1) (i32.const 0) (i32.const 62914559)";
    let table = "(i32.const 1) (i32.const 0) (i32.const 19999)";
    let fill_table = "(i32.const 0) (ref.null func) (i32.const 20000)";
    let parts = [
        format!("{memory} (memory.fill)"),
        format!("{moved} (memory.copy)"),
        format!("{table} (table.copy)"),
        format!("{fill_table} (table.fill)"),
    ];
    for part in parts {
        let parts = part.repeat(10_000);
        is_ended(&format!(
            r#"(memory 960) (table 20000 funcref)
               (func (export "run") (call $inside) {parts} (call $say (i32.const 1)))"#
        ));
    }
}
