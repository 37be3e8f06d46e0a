//go:build !wasm

package lawgate

// hostLog drops a line: tests of an adapter run without a gateway.
func hostLog(level uint32, text string) {}
