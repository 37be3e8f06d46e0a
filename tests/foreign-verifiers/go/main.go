// Command foreign checks a mirror of an audit log with golang.org/x/mod/sumdb, the reference for signed notes and tiles.
//
// It computes no hash and no signature of its own: note opens the checkpoints, tlog computes roots from the tiles and
// checks all proofs. What is ours here are the names of the files. Usage: foreign MIRROR VKEY. It ends with 0 when
// everything was checked, and with 1 at the first thing that is refused.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// height is that of the tiles of c2sp.org/tlog-tiles, which have 256 hashes.
const height = 8

// mirror reads the files of a mirror.
type mirror struct {
	folder   string
	verifier note.Verifier
}

// Height says how high tiles are.
func (m mirror) Height() int { return height }

// SaveTiles keeps nothing: every tile is read from its file each time.
func (m mirror) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads tiles; a partial one that is no longer there is the beginning of the full one.
func (m mirror) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		data, err := m.file(tile)
		if err != nil {
			full := tile
			full.W = 1 << height
			if data, err = m.file(full); err != nil {
				return nil, err
			}
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is too short", tile.Path())
		}
		read = append(read, data[:tile.W*tlog.HashSize])
	}
	return read, nil
}

// file reads the file of a tile, which has the name that tlog gives it without the height.
func (m mirror) file(tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(m.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
}

// checkpoint opens a checkpoint with the key of the log.
func (m mirror) checkpoint(name string) (tlog.Tree, error) {
	data, err := os.ReadFile(filepath.Join(m.folder, name))
	if err != nil {
		return tlog.Tree{}, err
	}
	return m.open(data)
}

func (m mirror) open(data []byte) (tlog.Tree, error) {
	opened, err := note.Open(data, note.VerifierList(m.verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != m.verifier.Name() {
		return tlog.Tree{}, errors.New("the note is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// entries reads the entries of all bundles.
func (m mirror) entries(size int64) ([][]byte, error) {
	var found [][]byte
	for first := int64(0); first < size; first += 1 << height {
		width := int(min(size-first, 1<<height))
		tile := tlog.Tile{H: height, L: 0, N: first >> height, W: width}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(m.folder, path))
		if err != nil {
			return nil, err
		}
		for len(data) >= 2 {
			length := int(binary.BigEndian.Uint16(data))
			if len(data) < 2+length {
				return nil, fmt.Errorf("%s is cut off", path)
			}
			found = append(found, data[2:2+length])
			data = data[2+length:]
		}
		if len(data) != 0 || int64(len(found)) != first+int64(width) {
			return nil, fmt.Errorf("%s has another number of entries than its name says", path)
		}
	}
	return found, nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// records checks that every entry is in the tree, and that a proof with one bit changed shows nothing.
func (m mirror) records(tree tlog.Tree, hashes tlog.HashReader) error {
	entries, err := m.entries(tree.N)
	if err != nil {
		return err
	}
	for index, entry := range entries {
		place := int64(index)
		proof, err := tlog.ProveRecord(tree.N, place, hashes)
		if err != nil {
			return err
		}
		leaf := tlog.RecordHash(entry)
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, place, leaf); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		if len(proof) > 0 {
			proof[index%len(proof)][0] ^= 1
			if tlog.CheckRecord(proof, tree.N, tree.Hash, place, leaf) == nil {
				return fmt.Errorf("entry %d: a spoilt proof was accepted", index)
			}
		}
	}
	return nil
}

// growth checks that the log only grew from each kept checkpoint to the newest.
func (m mirror) growth(tree tlog.Tree, hashes tlog.HashReader) (int, error) {
	kept, err := os.ReadDir(filepath.Join(m.folder, "checkpoints"))
	if err != nil {
		return 0, err
	}
	for _, file := range kept {
		old, err := m.checkpoint(filepath.Join("checkpoints", file.Name()))
		if err != nil {
			return 0, fmt.Errorf("checkpoint %s: %w", file.Name(), err)
		}
		proof, err := tlog.ProveTree(tree.N, old.N, hashes)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return 0, fmt.Errorf("from %d: %w", old.N, err)
		}
		old.Hash[0] ^= 1
		if old.N < tree.N && tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash) == nil {
			return 0, fmt.Errorf("from %d: another root was accepted", old.N)
		}
	}
	return len(kept), nil
}

func run(folder, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	m := mirror{folder, verifier}
	tree, err := m.checkpoint("checkpoint")
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, m)
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles give another root")
	}
	if err := m.records(tree, hashes); err != nil {
		return err
	}
	kept, err := m.growth(tree, hashes)
	if err != nil {
		return err
	}
	fmt.Printf("good: %d entries, %d checkpoints\n", tree.N, kept)
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: foreign MIRROR VKEY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}
