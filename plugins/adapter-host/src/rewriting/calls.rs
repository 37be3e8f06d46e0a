//! What calls what in a module, and so which of its functions look when they begin, and around
//! which calls.
//!
//! Between two looks no operator of a function is reached twice: whatever comes back goes through
//! the beginning of a loop. So the longest stretch of a function without a look is the number of
//! its operators and of those in what it calls, unless that looks itself. A function looks when it
//! begins if its stretch is long, if it may call itself by a detour, and if it can be called from
//! where nobody knows that it does not look. One whose stretch is very long looks before every call
//! as well, so that its own operators and one call are what is left. And calls below which many
//! others may be open are looked after: else a tower of callers, each with a stretch to go, would
//! come down without a look.

use super::shape::{Place, place};
use super::{Error, parser};

use parser::{FunctionBody, Operator};

/// A function with more operators in its longest stretch looks when it begins: some microseconds.
const STRETCH: u32 = 4096;

/// A function with more looks before every call: a tenth of a millisecond.
const VERY_LONG: u32 = 16 * STRETCH;

/// The longest stretch of what may be called from where nobody knows it, without looking.
const SHORT: u32 = 64;

/// Calls, each in the one before, that may come down without a look.
const TOWER: u32 = 64;

/// What calls what, in a module.
#[derive(Default)]
pub(super) struct Calls {
    bodies: Vec<Body>,
    /// Functions that can be called by other modules, or by reference.
    pub(super) known: Vec<u32>,
}

#[derive(Default)]
struct Body {
    operators: u32,
    /// Calls of what is not known.
    unknown: u32,
    /// Functions that it calls, once for each call.
    called: Vec<u32>,
}

/// What is found about a function.
#[derive(Clone, Copy, Default)]
pub(super) struct Found {
    /// Whether it looks when it begins.
    pub(super) looks: bool,
    /// Its longest stretch, as if it did not look then.
    stretch: u32,
    /// Number of its circle: the functions that it calls by a detour and that call it. Alone, if
    /// there is none.
    circle: u32,
    /// How many circles may be open below a call of it, with its own.
    height: u32,
}

impl Found {
    /// What a call of the function adds to the stretch of its caller.
    fn of_call(self) -> u32 {
        if self.looks { 0 } else { self.stretch }
    }

    /// Whether the function looks before every call.
    pub(super) fn looks_before_calls(self) -> bool {
        self.stretch > VERY_LONG
    }

    /// Whether the function looks after a call of another one, or of itself.
    pub(super) fn looks_after(self, callee: Self) -> bool {
        self.circle == callee.circle || callee.height > TOWER
    }
}

impl Calls {
    pub(super) fn pass_body(&mut self, body: &FunctionBody<'_>) -> Result<(), Error> {
        let mut passed = Body::default();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            passed.operators = passed.operators.saturating_add(1);
            if let Operator::RefFunc { function_index } = operator {
                self.known.push(function_index);
            }
            match place(&operator) {
                Place::Call(index) => passed.called.push(index),
                Place::CallOfUnknown => passed.unknown += 1,
                Place::None | Place::Turn | Place::Long => {}
            }
        }
        self.bodies.push(passed);
        Ok(())
    }

    pub(super) fn pass_element(&mut self, element: parser::Element<'_>) -> Result<(), Error> {
        match element.items {
            parser::ElementItems::Functions(functions) => {
                for function in functions {
                    self.known.push(function?);
                }
            }
            parser::ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.pass_constant(&expression?)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn pass_constant(
        &mut self,
        expression: &parser::ConstExpr<'_>,
    ) -> Result<(), Error> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.known.push(function_index);
            }
        }
        Ok(())
    }

    /// What is found about each function that the module defines, behind so many that it imports.
    pub(super) fn found(&self, imported: u32) -> Vec<Found> {
        let count = self.bodies.len();
        let mut search = Search {
            calls: self,
            imported,
            limits: vec![STRETCH; count],
            found: vec![Found::default(); count],
            progress: vec![Progress::Nothing; count],
            waiting: Vec::new(),
            circles: 0,
        };
        for known in &self.known {
            if let Some(known) = search.defined(*known) {
                search.limits[known] = SHORT;
            }
        }
        for function in 0..count {
            search.go_through(function);
        }
        search.found
    }
}

/// Goes through the functions of a module, from those that call nothing to those that call them,
/// and finds the circles among them (Tarjan 1972).
struct Search<'a> {
    calls: &'a Calls,
    imported: u32,
    limits: Vec<u32>,
    found: Vec<Found>,
    progress: Vec<Progress>,
    /// Functions whose circle is not complete.
    waiting: Vec<usize>,
    /// Circles that are complete.
    circles: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Nothing,
    /// Its circle is not complete. It was the number-th one begun.
    Waiting {
        number: usize,
        /// The earliest number it comes back to.
        earliest: usize,
        /// Whether its own calls are still gone through.
        is_open: bool,
    },
    Done,
}

/// A function whose calls are gone through.
struct Open {
    function: usize,
    /// The next call.
    next: usize,
    /// The stretch of the calls before it.
    stretch: u32,
}

impl Search<'_> {
    fn defined(&self, function: u32) -> Option<usize> {
        let index = usize::try_from(function.checked_sub(self.imported)?).ok()?;
        (index < self.found.len()).then_some(index)
    }

    fn go_through(&mut self, function: usize) {
        if self.progress[function] != Progress::Nothing {
            return;
        }
        // Not by recursion: a component decides how deep it goes.
        let mut open = vec![self.begin(function)];
        while let Some(mut top) = open.pop() {
            let Some(&callee) = self.calls.bodies[top.function].called.get(top.next) else {
                self.end(&top);
                if let Some(caller) = open.last_mut() {
                    self.comes_back(caller.function, top.function);
                    caller.next += 1;
                    let of_call = self.found[top.function].of_call();
                    caller.stretch = caller.stretch.saturating_add(of_call);
                }
                continue;
            };
            let of_call = match self.defined(callee) {
                // Another module's, or the host's.
                None => SHORT,
                Some(callee) => match self.progress[callee] {
                    Progress::Nothing => {
                        open.push(top);
                        open.push(self.begin(callee));
                        continue;
                    }
                    Progress::Waiting { is_open, .. } => {
                        self.comes_back(top.function, callee);
                        // So every circle of calls has one that looks.
                        self.found[callee].looks |= is_open;
                        self.found[callee].of_call()
                    }
                    Progress::Done => self.found[callee].of_call(),
                },
            };
            top.next += 1;
            top.stretch = top.stretch.saturating_add(of_call);
            open.push(top);
        }
    }

    fn begin(&mut self, function: usize) -> Open {
        // Numbers need only rise; those of complete circles are not asked for again.
        let number = self.waiting.len();
        self.progress[function] = Progress::Waiting {
            number,
            earliest: number,
            is_open: true,
        };
        self.waiting.push(function);
        Open {
            function,
            next: 0,
            stretch: 0,
        }
    }

    /// A function calls another one whose circle is not complete, or was not.
    fn comes_back(&mut self, caller: usize, callee: usize) {
        let Progress::Waiting { earliest: to, .. } = self.progress[callee] else {
            return;
        };
        if let Progress::Waiting { earliest, .. } = &mut self.progress[caller] {
            *earliest = to.min(*earliest);
        }
    }

    /// All calls of a function have been gone through.
    fn end(&mut self, open: &Open) {
        let body = &self.calls.bodies[open.function];
        let of_unknown = body.unknown.saturating_mul(SHORT);
        let found = &mut self.found[open.function];
        found.stretch = (body.operators)
            .saturating_add(of_unknown)
            .saturating_add(open.stretch);
        found.looks |= found.stretch > self.limits[open.function];
        let Progress::Waiting {
            number,
            earliest,
            is_open,
        } = &mut self.progress[open.function]
        else {
            return;
        };
        *is_open = false;
        if number == earliest {
            let members = self.waiting.split_off(*number);
            self.complete(&members);
        }
    }

    /// A circle is complete, and so are all that it calls.
    fn complete(&mut self, members: &[usize]) {
        let mut below = 0;
        for &member in members {
            for &callee in &self.calls.bodies[member].called {
                let callee = self.defined(callee);
                if let Some(callee) = callee.filter(|it| self.progress[*it] == Progress::Done) {
                    below = self.found[callee].height.max(below);
                }
            }
        }
        for &member in members {
            self.progress[member] = Progress::Done;
            self.found[member].circle = self.circles;
            self.found[member].height = below + 1;
        }
        self.circles += 1;
    }
}
