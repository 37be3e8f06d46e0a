//! RFC 6962 §2.1 as it is written, by recursion over the leaves: what everything else is compared with.

use crate::{hash::Hash, suite::Suite};

/// MTH of §2.1.
pub(super) fn root(suite: Suite, leaves: &[Hash]) -> Hash {
    match leaves {
        [] => suite.empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            suite.node_hash(&root(suite, left), &root(suite, right))
        }
    }
}

/// PATH of §2.1.1.
pub(super) fn inclusion(suite: Suite, index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = halves(leaves);
    let (mut path, sibling) = if index < left.len() {
        (inclusion(suite, index, left), right)
    } else {
        (inclusion(suite, index - left.len(), right), left)
    };
    path.push(root(suite, sibling));
    path
}

/// PROOF of §2.1.2.
pub(super) fn consistency(suite: Suite, old_size: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(suite, old_size, leaves, true)
}

/// SUBPROOF of §2.1.2.
fn subproof(suite: Suite, old_size: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old_size == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(suite, leaves)]
        };
    }
    let (left, right) = halves(leaves);
    let (mut proof, sibling) = if old_size <= left.len() {
        (subproof(suite, old_size, left, whole), right)
    } else {
        (subproof(suite, old_size - left.len(), right, false), left)
    };
    proof.push(root(suite, sibling));
    proof
}

fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}
