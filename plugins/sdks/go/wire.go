package lawgate

// The wire encoding of records: fields in order of their numbers, defaults left out.

import "sort"

// Wire types of protobuf.
const (
	wireNumber    = 0
	wireBytes     = 2
	wireFourBytes = 5
)

// message is anything that schema.go can encode.
type message interface {
	appendTo(b []byte) []byte
}

// Encode gives the bytes of a conversion.
func Encode(conversion *Conversion) []byte {
	return conversion.appendTo(make([]byte, 0, 1024))
}

// Some is a value for a field that may be missing: `Some(true)`.
func Some[T any](value T) *T {
	return &value
}

func appendVarint(b []byte, value uint64) []byte {
	for value > 0x7f {
		b = append(b, byte(value)|0x80)
		value >>= 7
	}
	return append(b, byte(value))
}

func appendTag(b []byte, number uint32, wire uint32) []byte {
	return appendVarint(b, uint64(number<<3|wire))
}

func appendNumber(b []byte, number uint32, value uint64) []byte {
	return appendVarint(appendTag(b, number, wireNumber), value)
}

func appendBool(b []byte, number uint32, value bool) []byte {
	if value {
		return appendNumber(b, number, 1)
	}
	return appendNumber(b, number, 0)
}

func appendFixed32(b []byte, number uint32, value uint32) []byte {
	b = appendTag(b, number, wireFourBytes)
	return append(b, byte(value), byte(value>>8), byte(value>>16), byte(value>>24))
}

func appendText(b []byte, number uint32, value string) []byte {
	b = appendVarint(appendTag(b, number, wireBytes), uint64(len(value)))
	return append(b, value...)
}

func appendBytes(b []byte, number uint32, value []byte) []byte {
	b = appendVarint(appendTag(b, number, wireBytes), uint64(len(value)))
	return append(b, value...)
}

func appendMessage(b []byte, number uint32, value message) []byte {
	b = appendTag(b, number, wireBytes)
	start := len(b)
	return withLength(value.appendTo(b), start)
}

// withLength puts the length of what follows `start` before it.
func withLength(b []byte, start int) []byte {
	length := len(b) - start
	var room [10]byte
	prefix := appendVarint(room[:0], uint64(length))
	b = append(b, prefix...)
	copy(b[start+len(prefix):], b[start:start+length])
	copy(b[start:], prefix)
	return b
}

// appendPacked writes a list of numbers; an empty one is not written.
func appendPacked[T ~uint32 | ~uint64](b []byte, number uint32, values []T) []byte {
	if len(values) == 0 {
		return b
	}
	b = appendTag(b, number, wireBytes)
	start := len(b)
	for _, value := range values {
		b = appendVarint(b, uint64(value))
	}
	return withLength(b, start)
}

// appendPairs writes a map in order of its keys, because the order of a map of Go is random.
func appendPairs(b []byte, number uint32, pairs map[string]string) []byte {
	keys := make([]string, 0, len(pairs))
	for key := range pairs {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		b = appendTag(b, number, wireBytes)
		start := len(b)
		if key != "" {
			b = appendText(b, 1, key)
		}
		if pairs[key] != "" {
			b = appendText(b, 2, pairs[key])
		}
		b = withLength(b, start)
	}
	return b
}
