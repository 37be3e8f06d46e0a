package lawgate

// Reading JSON (RFC 8259) with places.
//
// Unlike the package of the standard library it keeps numbers as their text,
// so that no digit is lost, says for every value at which byte of the message
// it stands, and keeps repeated names. Depth is bounded; anything else than
// JSON is a fault with its byte and the code that the toolkit of Rust has for
// it.

import (
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is the deepest nesting of objects and arrays that is read.
const MaxDepth = 32

// Kind is what a value of JSON is.
type Kind uint8

// The kinds; a value that is not there is of kind None.
const (
	None Kind = iota
	Object
	Array
	Text
	Numeral
	True
	False
	Null
)

// Node is a value. All its methods take a node that is nil, which stands for a value that is not there.
type Node struct {
	Kind Kind
	// Bytes of the message where it begins and where it has ended.
	Start, End int
	// Name in the object that holds it.
	Name string
	// Text of texts, numbers and words.
	Text string
	// Items of arrays; members of objects.
	Items []*Node
}

// JSONFault is what is wrong with a text: a code for the rejection (`document.unclosed`), the byte, a sentence.
type JSONFault struct {
	Code   string
	Offset int
	Text   string
}

// Is says whether the node is there and of this kind.
func (n *Node) Is(kind Kind) bool {
	return n != nil && n.Kind == kind
}

// Get is the first member of this name; nil when there is none.
func (n *Node) Get(name string) *Node {
	if !n.Is(Object) {
		return nil
	}
	for _, item := range n.Items {
		if item.Name == name {
			return item
		}
	}
	return nil
}

// At is the member at the end of these names.
func (n *Node) At(names ...string) *Node {
	for _, name := range names {
		n = n.Get(name)
	}
	return n
}

// String is the node's text; empty when it is not there.
func (n *Node) String() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// Members are the members of an object; none of anything else.
func (n *Node) Members() []*Node {
	if !n.Is(Object) {
		return nil
	}
	return n.Items
}

// Place is where the node begins and its length, in bytes.
func (n *Node) Place() (start, length uint64) {
	if n == nil {
		return 0, 0
	}
	return uint64(n.Start), uint64(n.End - n.Start)
}

// ReadJSON reads one JSON text in UTF-8.
func ReadJSON(data []byte) (node *Node, fault *JSONFault) {
	r := &jsonReader{data: data}
	// A byte order mark is not part of the text.
	if hasMark(data) {
		r.at = 3
	}
	r.space()
	if r.at == len(data) {
		return nil, &JSONFault{"document.empty", 0, "the message has no content"}
	}
	if first := data[r.at]; first != '{' && first != '[' && first != '"' {
		return nil, &JSONFault{"document.format", r.at, "the message does not begin as JSON does"}
	}
	node = r.value(0)
	if r.fault == nil {
		r.space()
		if r.at < len(data) {
			r.fail("something follows the value")
		}
	}
	if r.fault != nil {
		return nil, r.fault
	}
	return node, nil
}

func hasMark(data []byte) bool {
	return len(data) >= 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf
}

// jsonReader stands at a byte; after a fault nothing it returns counts.
type jsonReader struct {
	data  []byte
	at    int
	fault *JSONFault
}

// end is what next returns after the last byte: no letter of JSON.
const end = 0

func (r *jsonReader) next() byte {
	if r.at >= len(r.data) {
		return end
	}
	return r.data[r.at]
}

// fail notes the first fault.
func (r *jsonReader) fail(text string) *Node {
	if r.at >= len(r.data) {
		return r.failAs("document.unclosed", len(r.data), "the message ends inside the document")
	}
	return r.failAs("document.malformed", r.at, text)
}

func (r *jsonReader) failAs(code string, offset int, text string) *Node {
	if r.fault == nil {
		r.fault = &JSONFault{code, offset, text}
	}
	return nil
}

func (r *jsonReader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

func (r *jsonReader) take(letter byte) bool {
	if r.at < len(r.data) && r.data[r.at] == letter {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) expect(letter byte) bool {
	if r.take(letter) {
		return true
	}
	r.fail(string(rune(letter)) + " is expected")
	return false
}

func (r *jsonReader) value(depth int) *Node {
	switch first := r.next(); first {
	case '{', '[':
		if depth >= MaxDepth {
			return r.failAs("document.depth", r.at, "nested deeper than 32 levels")
		}
		if first == '{' {
			return r.list(Object, '}', depth)
		}
		return r.list(Array, ']', depth)
	case '"':
		return r.text()
	default:
		return r.plain()
	}
}

func (r *jsonReader) list(kind Kind, last byte, depth int) *Node {
	node := &Node{Kind: kind, Start: r.at}
	r.at++
	r.space()
	for more := r.next() != last; more; {
		name := ""
		if kind == Object {
			if r.next() != '"' {
				return r.fail("a name is expected")
			}
			named := r.text()
			if named == nil {
				return nil
			}
			name = named.Text
			r.space()
			if !r.expect(':') {
				return nil
			}
			r.space()
		}
		item := r.value(depth + 1)
		if item == nil {
			return nil
		}
		item.Name = name
		node.Items = append(node.Items, item)
		r.space()
		if more = r.take(','); more {
			r.space()
		}
	}
	if !r.expect(last) {
		return nil
	}
	node.End = r.at
	return node
}

func (r *jsonReader) text() *Node {
	node := &Node{Kind: Text, Start: r.at}
	r.at++
	from := r.at
	var made []byte
	for {
		first := r.next()
		if first < ' ' {
			return r.fail("a control character inside a text")
		}
		if first != '"' && first != '\\' {
			r.at++
			continue
		}
		chunk := r.data[from:r.at]
		if bad := notUTF8(chunk); bad >= 0 {
			return r.failAs("document.encoding", from+bad, "the text is not UTF-8")
		}
		if first == '"' && made == nil {
			node.Text = string(chunk)
			break
		}
		made = append(made, chunk...)
		if first == '"' {
			node.Text = string(made)
			break
		}
		letter, ok := r.escape()
		if !ok {
			return nil
		}
		made = utf8.AppendRune(made, letter)
		from = r.at
	}
	r.at++
	node.End = r.at
	return node
}

// notUTF8 is the place of the first byte that is not UTF-8; -1 when all are.
func notUTF8(chunk []byte) int {
	for at := 0; at < len(chunk); {
		letter, size := utf8.DecodeRune(chunk[at:])
		if letter == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return -1
}

func (r *jsonReader) escape() (rune, bool) {
	start := r.at
	letter := rune(end)
	if start+1 < len(r.data) {
		letter = rune(r.data[start+1])
	}
	switch letter {
	case '"', '\\', '/':
	case 'b':
		letter = '\b'
	case 'f':
		letter = '\f'
	case 'n':
		letter = '\n'
	case 'r':
		letter = '\r'
	case 't':
		letter = '\t'
	case 'u':
		return r.units(start)
	default:
		return r.badEscape(start)
	}
	r.at += 2
	return letter, true
}

// units reads one escape of a character, or the pair that stands for one beyond the basic plane.
func (r *jsonReader) units(start int) (rune, bool) {
	unit, ok := r.unit()
	if !ok {
		return r.badEscape(start)
	}
	if !utf16.IsSurrogate(unit) {
		return unit, true
	}
	low, ok := rune(0), false
	if r.next() == '\\' && r.at+1 < len(r.data) && r.data[r.at+1] == 'u' {
		low, ok = r.unit()
	}
	letter := utf16.DecodeRune(unit, low)
	if !ok || letter == utf8.RuneError {
		return r.badEscape(start)
	}
	return letter, true
}

func (r *jsonReader) unit() (rune, bool) {
	if r.at+6 > len(r.data) {
		return 0, false
	}
	unit := rune(0)
	for _, digit := range r.data[r.at+2 : r.at+6] {
		switch {
		case digit >= '0' && digit <= '9':
			digit -= '0'
		case digit|0x20 >= 'a' && digit|0x20 <= 'f':
			digit = (digit | 0x20) - 'a' + 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	r.at += 6
	return unit, true
}

// badEscape notes the fault at an escape, unless the text does not even end.
func (r *jsonReader) badEscape(start int) (rune, bool) {
	r.at = start
	for r.next() != '"' {
		if r.next() < ' ' {
			r.fail("a control character inside a text")
			return 0, false
		}
		if r.next() == '\\' {
			r.at++
		}
		r.at++
	}
	r.at = start
	r.fail("an unknown escape")
	return 0, false
}

var words = [...]struct {
	text string
	kind Kind
}{{"true", True}, {"false", False}, {"null", Null}}

func (r *jsonReader) plain() *Node {
	start := r.at
	for _, word := range words {
		if last := start + len(word.text); last <= len(r.data) && string(r.data[start:last]) == word.text {
			r.at = last
			return r.leaf(word.kind, start)
		}
	}
	r.take('-')
	if !r.take('0') && !r.digits(start) {
		return nil
	}
	if r.take('.') && !r.digits(start) {
		return nil
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		if !r.digits(start) {
			return nil
		}
	}
	return r.leaf(Numeral, start)
}

func (r *jsonReader) leaf(kind Kind, start int) *Node {
	return &Node{Kind: kind, Start: start, End: r.at, Text: string(r.data[start:r.at])}
}

func (r *jsonReader) digits(start int) bool {
	from := r.at
	for r.next() >= '0' && r.next() <= '9' {
		r.at++
	}
	if r.at > from {
		return true
	}
	if from == start {
		r.fail("a value is expected")
	} else {
		r.fail("a digit is expected")
	}
	return false
}
