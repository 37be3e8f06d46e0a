// Sound levels of noise monitors, one JSON document a message.
//
// An example to change. Nothing here may depend on anything but the
// configuration and the message: no clock, no randomness, no state, and no
// order of a map.
package main

import (
	"strconv"

	"lawgate"
)

// settings are what configuration.json says.
type settings struct {
	intervalS uint32
}

// factors are the schema's names of indices; an unknown one is kept, and the gateway says so.
var factors = map[string]string{"LAeq": "Leq"}

var flags = map[string]lawgate.DataFlag{
	"N": lawgate.DataFlagNormal,
	"M": lawgate.DataFlagMaintenance,
	"D": lawgate.DataFlagFault,
	"C": lawgate.DataFlagCalibration,
	"T": lawgate.DataFlagOverRange,
}

func init() {
	lawgate.Serve(lawgate.Adapter[settings]{
		// As in adapter.toml.
		ID:            "my-feed",
		Version:       "0.1.0",
		FeedKinds:     []string{"my-feed"},
		SchemaVersion: "1.0.0",
		Configure:     configure,
		Convert:       convert,
	})
}

// main is never run; the compiler asks for it.
func main() {}

// configure reads configuration.json; it reports every fault at once.
func configure(configuration []byte) (read settings, faults []lawgate.Fault) {
	root, fault := lawgate.ReadJSON(configuration)
	if fault != nil {
		return read, []lawgate.Fault{{Text: "byte " + strconv.Itoa(fault.Offset) + ": " + fault.Text}}
	}
	if !root.Is(lawgate.Object) {
		return read, []lawgate.Fault{{Text: "an object is expected"}}
	}
	for _, item := range root.Items {
		if item.Name != "interval_s" {
			faults = append(faults, lawgate.Fault{Path: item.Name, Text: "unknown; known is interval_s"})
		}
	}
	stated := root.Get("interval_s")
	seconds, err := strconv.ParseUint(stated.String(), 10, 32)
	if !stated.Is(lawgate.Numeral) || err != nil || !isInterval(seconds) {
		faults = append(faults, lawgate.Fault{Path: "interval_s", Text: "0, 60 to 1800, 3600 or 86400 is expected"})
	}
	return settings{uint32(seconds)}, faults
}

func isInterval(seconds uint64) bool {
	return seconds == 0 || seconds >= 60 && seconds <= 1800 || seconds == 3600 || seconds == 86400
}

// convert converts one message.
func convert(s settings, message lawgate.Message) (*lawgate.Conversion, *lawgate.Rejection) {
	root, fault := lawgate.ReadJSON(message.Payload)
	if fault != nil {
		return nil, fault.Reject()
	}
	device, values := root.Get("device"), root.Get("values")
	if !device.Is(lawgate.Text) || !values.Is(lawgate.Array) || len(values.Items) == 0 {
		start, _ := values.Place()
		return nil, lawgate.Reject("my-feed.no-values", start, "a device and at least one value are expected")
	}
	made := &lawgate.Conversion{Facts: lawgate.Facts(message, "my-feed")}
	for _, item := range root.Items {
		// What an observation has no place for is named, so that nothing is lost without a word.
		if item.Name != "device" && item.Name != "values" {
			made.Findings = append(made.Findings, unused(item))
		}
	}
	for _, item := range values.Items {
		made.Records = append(made.Records, record(s, device.Text, item))
	}
	return made, nil
}

// commandOf is the command code (命令编码 CN) under which HJ 212 sends values of an interval.
func commandOf(seconds uint32) uint32 {
	switch seconds {
	case 0:
		return 2011
	case 3600:
		return 2061
	case 86400:
		return 2031
	}
	return 2051
}

// record is one value of a device.
func record(s settings, mn string, item *lawgate.Node) lawgate.Record {
	var quality []lawgate.Finding
	factor := item.Get("index").String()
	if known, ok := factors[factor]; ok {
		factor = known
	}
	observation := &lawgate.Observation{
		Mn:        mn,
		Cn:        commandOf(s.intervalS),
		DataTime:  dataTime(item.Get("time"), &quality),
		IntervalS: s.intervalS,
		Factor:    factor,
		Stat:      lawgate.StatisticData,
		Value:     quantity(item, &quality),
		Flag:      flag(item.Get("flag"), &quality),
	}
	for _, member := range item.Members() {
		switch member.Name {
		case "time", "index", "value", "unit", "flag":
		default:
			quality = append(quality, unused(member))
		}
	}
	start, length := item.Place()
	envelope := &lawgate.Envelope{Quality: quality, RawOffset: start, RawLength: length}
	return lawgate.Record{Envelope: envelope, Observation: observation}
}

// dataTime is the time of a value; none is invented.
func dataTime(stated *lawgate.Node, quality *[]lawgate.Finding) *lawgate.DateTime {
	if stated == nil {
		return nil
	}
	if stated.Is(lawgate.Text) {
		if read := lawgate.ReadTime(stated.Text); read != nil {
			return read
		}
	}
	text := "no date and time with offset (RFC 3339)"
	note(quality, "my-feed.time", "observation.data_time", stated, text, lawgate.ActionDropped)
	return nil
}

// quantity is the value with the unit the sender states; nothing is guessed.
func quantity(item *lawgate.Node, quality *[]lawgate.Finding) *lawgate.Quantity {
	stated := item.Get("value")
	if stated == nil {
		return nil
	}
	read := lawgate.ReadNumber(stated.Text)
	*quality = append(*quality, read.Findings("observation.value.value", stated)...)
	if read.Value == nil {
		return nil
	}
	unit := item.Get("unit")
	if unit.String() == "dB" {
		read.Value.Unit = "dB"
		read.Value.UnitSource = lawgate.UnitSourcePacket
	} else if unit != nil {
		text := "the unit is not known; the value stands without one"
		note(quality, "my-feed.unit", "observation.value.unit", unit, text, lawgate.ActionDropped)
	}
	return read.Value
}

// flag is the flag in the letters of HJ 212.
func flag(stated *lawgate.Node, quality *[]lawgate.Finding) lawgate.DataFlag {
	if stated == nil {
		return lawgate.DataFlagUnspecified
	}
	if known, ok := flags[stated.Text]; ok {
		return known
	}
	text := "the flag is none of N, M, D, C, T"
	note(quality, "my-feed.flag", "observation.flag", stated, text, lawgate.ActionKept)
	return lawgate.DataFlagOther
}

// note adds a warning.
func note(to *[]lawgate.Finding, rule, field string, place *lawgate.Node, text string, action lawgate.Action) {
	*to = append(*to, lawgate.NewFinding(rule, field, place, text, lawgate.SeverityWarning, action))
}

// unused is the finding about what has no field.
func unused(node *lawgate.Node) lawgate.Finding {
	text := node.Name + " has no field in an observation"
	return lawgate.NewFinding("my-feed.unused", "", node, text, lawgate.SeverityInfo, lawgate.ActionDropped)
}
