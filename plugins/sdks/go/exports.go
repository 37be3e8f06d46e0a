//go:build wasm

package lawgate

// The functions of the contract, by the canonical ABI of components.
//
// Lists and texts lie in the memory as a place and a length of 32 bits each.
// What the host gives is put into memory that it asks for with cabi_realloc;
// what it is given stays until the function's cabi_post. Go's collector does
// not see such places, so everything they name is held until then.

import "unsafe"

//go:wasmimport lawgate:adapter/host@1.0.0 log
func hostLog(level uint32, text string)

// held is what places in the memory name.
var held []any

// list is a list or text in memory.
type list struct {
	place, length uint32
}

// The types of the contract as they lie in memory.
type (
	wireAttribute struct {
		name, value list
	}
	wireMessage struct {
		payload, attributes list
	}
	wireDescription struct {
		id, version, feedKinds, schemaVersion list
		memoryBytes                           uint64
		deadlineMS                            uint32
	}
	wireFault struct {
		path, text list
	}
	wireResult struct {
		isError uint32
		faults  list
	}
	wireOutcome struct {
		isRejected uint64
		// converted: the bytes; rejected: its code.
		first  list
		offset uint64
		text   list
	}
)

// held8 is memory for `bytes` bytes that begins where 8 divides its place, which suits every type.
func held8(bytes uint32) unsafe.Pointer {
	words := make([]uint64, bytes/8+1)
	held = append(held, words)
	return unsafe.Pointer(unsafe.SliceData(words))
}

//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldBytes, align, bytes uint32) unsafe.Pointer {
	made := held8(bytes)
	copy(unsafe.Slice((*byte)(made), bytes), unsafe.Slice((*byte)(old), min(oldBytes, bytes)))
	return made
}

// at is what lies at a place that the host filled.
func at[T any](l list) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(uintptr(l.place))), l.length)
}

func textAt(l list) string {
	return string(at[byte](l))
}

// give makes a list of what stays where it is until the function's cabi_post.
func give[T any](items []T) list {
	held = append(held, items)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(items)))), uint32(len(items))}
}

func giveText(text string) list {
	held = append(held, text)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.StringData(text)))), uint32(len(text))}
}

// result holds one value and is its place.
func result[T any](value T) unsafe.Pointer {
	made := &value
	held = append(held, made)
	return unsafe.Pointer(made)
}

// release ends what a call gave and was given; its memory is the collector's again.
func release() {
	held = nil
}

//go:wasmexport describe
func describe() unsafe.Pointer {
	d := &served.description
	kinds := make([]list, 0, len(d.feedKinds))
	for _, kind := range d.feedKinds {
		kinds = append(kinds, giveText(kind))
	}
	return result(wireDescription{
		giveText(d.id), giveText(d.version), give(kinds), giveText(d.schemaVersion), d.memoryBytes, d.deadlineMS,
	})
}

//go:wasmexport cabi_post_describe
func postDescribe(unsafe.Pointer) { release() }

//go:wasmexport configure
func configure(place, length uint32) unsafe.Pointer {
	defer sayPanic()
	// A copy: the adapter may keep it, and what the host gave ends with the call.
	configuration := append([]byte(nil), at[byte](list{place, length})...)
	found := served.configure(configuration)
	if len(found) == 0 {
		return result(wireResult{})
	}
	faults := make([]wireFault, 0, len(found))
	for _, fault := range found {
		faults = append(faults, wireFault{giveText(fault.Path), giveText(fault.Text)})
	}
	return result(wireResult{1, give(faults)})
}

//go:wasmexport cabi_post_configure
func postConfigure(unsafe.Pointer) { release() }

//go:wasmexport convert
func convert(place, length uint32) unsafe.Pointer {
	defer sayPanic()
	messages := at[wireMessage](list{place, length})
	outcomes := make([]wireOutcome, 0, len(messages))
	for _, message := range messages {
		outcomes = append(outcomes, outcome(message))
	}
	return result(give(outcomes))
}

//go:wasmexport cabi_post_convert
func postConvert(unsafe.Pointer) { release() }

func outcome(wire wireMessage) wireOutcome {
	message := Message{Payload: at[byte](wire.payload)}
	for _, attribute := range at[wireAttribute](wire.attributes) {
		made := Attribute{textAt(attribute.name), textAt(attribute.value)}
		message.Attributes = append(message.Attributes, made)
	}
	conversion, rejection := served.convert(message)
	if rejection != nil {
		return wireOutcome{1, giveText(rejection.Code), rejection.Offset, giveText(rejection.Text)}
	}
	return wireOutcome{first: give(Encode(conversion))}
}

// sayPanic writes what an adapter panicked with to the log, where somebody sees it, and goes on panicking.
func sayPanic() {
	switch panicked := recover().(type) {
	case nil:
		return
	case error:
		Log(LogError, "panic: "+panicked.Error())
		panic(panicked)
	case string:
		Log(LogError, "panic: "+panicked)
		panic(panicked)
	default:
		Log(LogError, "panic")
		panic(panicked)
	}
}
