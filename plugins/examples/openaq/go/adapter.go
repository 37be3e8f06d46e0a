// Air quality measurements of one sensor, as the OpenAQ API returns them. See README.md.
package main

import (
	"strconv"
	"strings"

	"lawgate"
)

// factors are those of HJ 524.
var factors = map[string]string{
	"pm25": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "o3": "a05024", "co": "a21005",
}

var units = map[string]string{"mg/m³": "mg/m3", "µg/m³": "ug/m3"}

func init() {
	lawgate.Serve(lawgate.Adapter[string]{
		ID:            "openaq",
		Version:       "0.1.0",
		FeedKinds:     []string{"openaq"},
		SchemaVersion: "1.0.0",
		Configure:     configure,
		Convert:       convert,
	})
}

func main() {}

// configure gives the device number of the configuration.
func configure(configuration []byte) (mn string, faults []lawgate.Fault) {
	root, fault := lawgate.ReadJSON(configuration)
	if fault != nil {
		return "", []lawgate.Fault{{Text: "byte " + strconv.Itoa(fault.Offset) + ": " + fault.Text}}
	}
	for _, item := range root.Items {
		if item.Name != "mn" {
			faults = append(faults, lawgate.Fault{Path: item.Name, Text: "unknown; known is mn"})
		}
	}
	stated := root.Get("mn")
	if !stated.Is(lawgate.Text) || stated.Text == "" {
		faults = append(faults, lawgate.Fault{Path: "mn", Text: "the device number is expected"})
	}
	return stated.String(), faults
}

// convert converts one answer of the API.
func convert(mn string, message lawgate.Message) (*lawgate.Conversion, *lawgate.Rejection) {
	root, fault := lawgate.ReadJSON(message.Payload)
	if fault != nil {
		return nil, fault.Reject()
	}
	results := root.Get("results")
	// An empty list is an answer, and becomes a conversion without records.
	if !results.Is(lawgate.Array) {
		start, _ := results.Place()
		return nil, lawgate.Reject("openaq.no-results", start, "a list of results is expected")
	}
	made := &lawgate.Conversion{Facts: lawgate.Facts(message, "openaq-v3")}
	for _, item := range results.Items {
		made.Records = append(made.Records, record(mn, item))
	}
	return made, nil
}

// findings are those about one record.
type findings []lawgate.Finding

func (f *findings) say(rule, field string, place *lawgate.Node, text string, action lawgate.Action) {
	*f = append(*f, lawgate.NewFinding(rule, field, place, text, lawgate.SeverityWarning, action))
}

// record is one measurement.
func record(mn string, item *lawgate.Node) lawgate.Record {
	var quality findings
	seconds := interval(item.At("period", "interval"), &quality)
	factor := item.At("parameter", "name").String()
	if known, ok := factors[factor]; ok {
		factor = known
	}
	observation := &lawgate.Observation{
		Mn:        mn,
		Cn:        commandOf(seconds),
		DataTime:  dataTime(item.At("period", "datetimeFrom", "local"), &quality),
		IntervalS: seconds,
		Factor:    factor,
		Stat:      lawgate.StatisticAvg,
		Value:     quantity(item.Get("value"), item.At("parameter", "units"), &quality),
		Flag:      flag(item.At("flagInfo", "hasFlags"), &quality),
	}
	for _, member := range item.Members() {
		if member.Is(lawgate.Null) || isKnown(member.Name) {
			continue
		}
		text := member.Name + " has no field in an observation"
		unused := lawgate.NewFinding("openaq.unused", "", member, text, lawgate.SeverityInfo, lawgate.ActionDropped)
		quality = append(quality, unused)
	}
	start, length := item.Place()
	envelope := &lawgate.Envelope{Quality: quality, RawOffset: start, RawLength: length}
	return lawgate.Record{Envelope: envelope, Observation: observation}
}

// isKnown says whether a member of a result is read, or says nothing about the value.
func isKnown(name string) bool {
	switch name {
	case "value", "flagInfo", "parameter", "period", "summary", "coverage":
		return true
	}
	return false
}

// commandOf is the command code (命令编码 CN) under which HJ 212 sends values of an interval.
func commandOf(seconds uint32) uint32 {
	switch seconds {
	case 3600:
		return 2061
	case 86400:
		return 2031
	}
	return 2051
}

// interval is in seconds, of `hh:mm:ss`; 0 when it is none.
func interval(stated *lawgate.Node, quality *findings) uint32 {
	parts := strings.Split(stated.String(), ":")
	seconds, isWritten := uint32(0), len(parts) == 3
	for _, part := range parts {
		value, err := strconv.ParseUint(part, 10, 8)
		isWritten = isWritten && err == nil && len(part) == 2
		seconds = seconds*60 + uint32(value)
	}
	if isWritten {
		return seconds
	}
	text := "the interval is not hh:mm:ss"
	quality.say("openaq.interval", "observation.interval_s", stated, text, lawgate.ActionDropped)
	return 0
}

// dataTime is the local time with its offset.
func dataTime(stated *lawgate.Node, quality *findings) *lawgate.DateTime {
	read := lawgate.ReadTime(stated.String())
	if read == nil {
		text := "no local date and time with offset"
		quality.say("openaq.time", "observation.data_time", stated, text, lawgate.ActionDropped)
	}
	return read
}

// quantity is the value with its digits, and the unit where it is known.
func quantity(stated, unit *lawgate.Node, quality *findings) *lawgate.Quantity {
	const field = "observation.value.value"
	if !stated.Is(lawgate.Numeral) && !stated.Is(lawgate.Text) {
		quality.say("openaq.value", field, stated, "the value is no number", lawgate.ActionDropped)
		return nil
	}
	read := lawgate.ReadNumber(stated.Text)
	*quality = append(*quality, read.Findings(field, stated)...)
	made := read.Value
	if made == nil {
		return nil
	}
	if strings.HasPrefix(made.Value, "-") {
		quality.say("openaq.negative", field, stated, "a concentration below zero", lawgate.ActionKept)
	}
	if known, ok := units[unit.String()]; ok {
		made.Unit, made.UnitSource = known, lawgate.UnitSourcePacket
	} else {
		text := "the unit is not known; the value stands without one"
		quality.say("openaq.unit", "observation.value.unit", unit, text, lawgate.ActionDropped)
	}
	return made
}

// flag is normal, unless OpenAQ flagged the value.
func flag(stated *lawgate.Node, quality *findings) lawgate.DataFlag {
	if !stated.Is(lawgate.True) {
		return lawgate.DataFlagNormal
	}
	text := "OpenAQ flagged the value and does not say why here"
	quality.say("openaq.flagged", "observation.flag", stated, text, lawgate.ActionKept)
	return lawgate.DataFlagOther
}
