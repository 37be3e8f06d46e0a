// Package lawgate is what an adapter in Go stands on.
//
// Serve turns two plain functions into the three exports of the contract
// (plugins/wit/adapter.wit); what they return is encoded here. It has no
// clock and no randomness, and it needs no other package than those of Go.
package lawgate

// Message is one message of a feed.
type Message struct {
	// Payload is its bytes, untouched.
	Payload []byte
	// Attributes are what the sender stated about it.
	Attributes []Attribute
}

// Attribute is one statement of a sender: `content-type`.
type Attribute struct {
	Name, Value string
}

// Attribute is the value of the first attribute of this name; empty when the sender stated none.
func (m Message) Attribute(name string) string {
	for _, attribute := range m.Attributes {
		if attribute.Name == name {
			return attribute.Value
		}
	}
	return ""
}

// Rejection is for a message that cannot be understood as a whole; it goes to quarantine (隔离区).
type Rejection struct {
	// Code is stable, `<adapter>.<what>`: 1 to 64 lower-case letters, digits, dots and hyphens.
	Code string
	// Offset is the byte of the message where the fault was noticed.
	Offset uint64
	// Text is one sentence for a person.
	Text string
}

// Reject is a rejection at a byte of the message.
func Reject(code string, offset uint64, text string) *Rejection {
	return &Rejection{code, offset, text}
}

// Reject is the rejection of a message that is no JSON.
func (f *JSONFault) Reject() *Rejection {
	return Reject(f.Code, uint64(f.Offset), f.Text)
}

// Fault is one fault of a configuration: the path in it and a sentence.
type Fault struct {
	Path, Text string
}

// Adapter is what an adapter says of itself, as in adapter.toml, and what it does.
type Adapter[S any] struct {
	ID, Version   string
	FeedKinds     []string
	SchemaVersion string
	// What it asks of its sandboxes; 0 is the gateway's own.
	MemoryBytes uint64
	DeadlineMS  uint32
	// Configure reads the configuration; it returns all faults at once, or what Convert is given.
	Configure func(configuration []byte) (S, []Fault)
	// Convert converts one message. A panic ends the call, and the gateway says so.
	Convert func(settings S, message Message) (*Conversion, *Rejection)
}

// served is the adapter of the program, whatever its settings are.
var served struct {
	description description
	configure   func(configuration []byte) []Fault
	convert     func(message Message) (*Conversion, *Rejection)
}

// description is the part of an adapter that describe returns.
type description struct {
	id, version   string
	feedKinds     []string
	schemaVersion string
	memoryBytes   uint64
	deadlineMS    uint32
}

// Serve makes `adapter` the program's adapter. It is called in `init`: an adapter has no `main` that is run.
func Serve[S any](adapter Adapter[S]) {
	served.description = description{
		adapter.ID, adapter.Version, adapter.FeedKinds, adapter.SchemaVersion, adapter.MemoryBytes, adapter.DeadlineMS,
	}
	var settings S
	served.configure = func(configuration []byte) []Fault {
		made, faults := adapter.Configure(configuration)
		settings = made
		return faults
	}
	served.convert = func(message Message) (*Conversion, *Rejection) {
		return adapter.Convert(settings, message)
	}
}
