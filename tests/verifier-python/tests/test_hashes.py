"""Hashes, checksums and trees against published values and against the definitions."""

import unittest

from lawgate_verify.crc32c import crc32c
from lawgate_verify.fault import Wrong
from lawgate_verify.hashes import SHA256, SM3, genesis
from lawgate_verify.sm3 import own_sm3, sm3
from lawgate_verify.tree import Frontier, root_from_inclusion, root_of

from . import writer

# The Certificate Transparency reference tree: leaf inputs, and the roots of their first 1 to 8.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Hashes(unittest.TestCase):
    """The primitives."""

    def test_sm3_gives_the_values_of_the_standard(self):
        self.assertEqual(own_sm3(b"abc").hex(), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
        long = own_sm3(b"abcd" * 16).hex()
        self.assertEqual(long, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")

    def test_the_sm3_in_use_agrees_with_our_own_at_every_length(self):
        for length in range(0, 200):
            self.assertEqual(sm3(bytes(length)), own_sm3(bytes(length)), length)

    def test_crc32c_gives_the_published_values(self):
        # RFC 3720 appendix B.4.
        self.assertEqual(crc32c(bytes(32)), 0x8A9136AA)
        self.assertEqual(crc32c(b"\xff" * 32), 0x62A8AB43)
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)

    def test_the_genesis_is_the_documented_preimage(self):
        preimage = b"audit-genesis/v1\0\0\0\x01x" + bytes([7]) * 32 + bytes(32)
        self.assertEqual(genesis(SHA256, "x", bytes([7]) * 32, bytes(32)), writer.sha256(preimage))


class Trees(unittest.TestCase):
    """Roots and inclusion proofs."""

    def test_the_roots_are_those_of_the_reference_tree(self):
        leaves = [SHA256.leaf(bytes.fromhex(data)) for data in INPUTS]
        for size, expected in enumerate(ROOTS, 1):
            self.assertEqual(root_of(SHA256, leaves[:size]).hex(), expected)
        self.assertEqual(root_of(SHA256, []), writer.sha256(b""))

    def test_every_root_and_proof_up_to_40_leaves_follows_the_definition(self):
        for suite in (SHA256, SM3):
            leaves = [suite.leaf(bytes([number])) for number in range(40)]
            frontier = Frontier(suite)
            for size in range(1, 41):
                frontier.append(leaves[size - 1])
                root = writer.root(leaves[:size], suite.digest)
                self.assertEqual(frontier.root(), root)
                for index in range(size):
                    proof = writer.path(index, leaves[:size], suite.digest)
                    self.assertEqual(root_from_inclusion(suite, index, size, leaves[index], proof), root)

    def test_a_proof_of_another_length_place_or_hash_is_refused(self):
        leaves = [SHA256.leaf(bytes([number])) for number in range(7)]
        root, proof = writer.root(leaves), writer.path(4, leaves)
        for wrong in (proof[:-1], proof + [bytes(32)]):
            with self.assertRaises(Wrong):
                root_from_inclusion(SHA256, 4, 7, leaves[4], wrong)
        with self.assertRaises(Wrong):
            root_from_inclusion(SHA256, 7, 7, leaves[4], proof)
        self.assertNotEqual(root_from_inclusion(SHA256, 5, 7, leaves[4], proof), root)
        for at in range(len(proof)):
            spoilt = list(proof)
            spoilt[at] = bytes(32)
            self.assertNotEqual(root_from_inclusion(SHA256, 4, 7, leaves[4], spoilt), root)
