// The kit for Go against Rust: the bytes of every golden conversion, and the shared table of cases.
//
// Compiled for the machine, not for a sandbox, and run by `cargo xtask languages`.
package kittest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"lawgate"
)

const root = "../../../../"

// TestGoldenConversionsHaveTheBytesOfRust holds the encoder to the digests in golden-bytes.txt.
func TestGoldenConversionsHaveTheBytesOfRust(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(read(t, "../golden-bytes.txt"))), "\n")
	if len(lines) < 10 {
		t.Fatalf("%d conversions are too few", len(lines))
	}
	for _, line := range lines {
		digest, path, _ := strings.Cut(line, "  ")
		var golden struct{ Converted map[string]any }
		parse(t, read(t, root+path), &golden)
		made := new(lawgate.Conversion)
		fill(t, reflect.ValueOf(made).Elem(), golden.Converted)
		sum := sha256.Sum256(lawgate.Encode(made))
		if found := hex.EncodeToString(sum[:]); found != digest {
			t.Errorf("%s: %s, expected %s", path, found, digest)
		}
	}
	t.Logf("%d conversions have the bytes of Rust", len(lines))
}

// fill puts canonical proto3 JSON into a value of the kit; `quantityOf` and `QuantityOf` are one name.
func fill(t *testing.T, to reflect.Value, from any) {
	t.Helper()
	switch held := from.(type) {
	case map[string]any:
		if to.Kind() == reflect.Map {
			to.Set(reflect.MakeMap(to.Type()))
			for key, value := range held {
				to.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(value))
			}
			return
		}
		if to.Kind() == reflect.Pointer {
			to.Set(reflect.New(to.Type().Elem()))
			to = to.Elem()
		}
		for key, value := range held {
			field := to.FieldByName(strings.ToUpper(key[:1]) + key[1:])
			if !field.IsValid() {
				t.Fatalf("%s has no %s", to.Type(), key)
			}
			fill(t, field, value)
		}
	case []any:
		to.Set(reflect.MakeSlice(to.Type(), len(held), len(held)))
		for i, item := range held {
			fill(t, to.Index(i), item)
		}
	default:
		if to.Kind() == reflect.Pointer {
			to.Set(reflect.New(to.Type().Elem()))
			to = to.Elem()
		}
		fillOne(t, to, from)
	}
}

func fillOne(t *testing.T, to reflect.Value, from any) {
	t.Helper()
	text := fmt.Sprint(from)
	switch to.Kind() {
	case reflect.String:
		to.SetString(text)
	case reflect.Bool:
		to.SetBool(from.(bool))
	case reflect.Slice:
		bytes, err := base64.StdEncoding.DecodeString(text)
		must(t, err)
		to.SetBytes(bytes)
	default:
		// Numbers of 64 bits are texts, others numbers; a text that is no number is the name of an enumeration's value.
		number, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			number = numberOf(t, text)
		}
		to.SetUint(number)
	}
}

// numberOf is the number of an enumeration's value, by its name in the tables of the kit for JavaScript.
func numberOf(t *testing.T, name string) uint64 {
	t.Helper()
	_, enums, _ := strings.Cut(string(read(t, "../../js/schema.js")), "export const enums")
	_, after, found := strings.Cut(enums, " "+name+": ")
	digits, _, _ := strings.Cut(after, ",")
	number, err := strconv.ParseUint(digits, 10, 64)
	if !found || err != nil {
		t.Fatalf("no value is called %s", name)
	}
	return number
}

// The names of the kit's values, as the table writes them.
var (
	severities = []string{"", "INFO", "WARNING", "ERROR"}
	actions    = []string{"", "KEPT", "NORMALISED", "PROPOSED", "DROPPED"}
	encodings  = map[lawgate.Encoding]string{
		lawgate.EncodingUtf8: "UTF_8", lawgate.EncodingGbk: "GBK", lawgate.EncodingAscii: "ASCII",
	}
	precisions = map[lawgate.Precision]string{
		lawgate.PrecisionDay: "DAY", lawgate.PrecisionMinute: "MINUTE", lawgate.PrecisionSecond: "SECOND",
		lawgate.PrecisionMillisecond: "MILLISECOND", lawgate.PrecisionNanosecond: "NANOSECOND",
	}
)

// TestTheSharedTableHolds reads every row of values.json with the kit.
func TestTheSharedTableHolds(t *testing.T) {
	var tables map[string]json.RawMessage
	parse(t, read(t, "../values.json"), &tables)
	checks := map[string]func(row []any) []any{
		"numbers": number, "decimals": decimal, "shifts": shift, "times": dateTime, "local": localTime,
		"json": document, "facts": facts,
	}
	rows := 0
	for name, check := range checks {
		var table [][]any
		parse(t, tables[name], &table)
		if len(table) == 0 {
			t.Errorf("the table has no %s", name)
		}
		for _, row := range table {
			rows++
			found := check(row)
			expected := row[len(row)-len(found):]
			if fmt.Sprint(found...) != fmt.Sprint(expected...) {
				t.Errorf("%s %q: %v, expected %v", name, row[0], found, expected)
			}
		}
	}
	if len(tables) != len(checks)+1 {
		t.Errorf("%d tables, and %d are known", len(tables)-1, len(checks))
	}
	t.Logf("%d rows of the shared table hold", rows)
}

// orNil is a value that is there, or none.
func orNil(value any, isThere bool) any {
	if isThere {
		return value
	}
	return nil
}

func number(row []any) []any {
	read := lawgate.ReadNumber(row[0].(string))
	value := ""
	if read.Value != nil {
		value = read.Value.Value
	}
	severity, action := "", ""
	for _, finding := range read.Findings("f", nil) {
		severity, action = severities[finding.Severity], actions[finding.Action]
	}
	return []any{orNil(value, read.Value != nil), read.Rule, severity, action}
}

func decimal(row []any) []any {
	value, ok := lawgate.Decimal(row[0].(string))
	return []any{orNil(value, ok)}
}

func shift(row []any) []any {
	value, ok := lawgate.Shift(row[0].(string), int(row[1].(float64)))
	return []any{orNil(value, ok)}
}

func dateTime(row []any) []any {
	read := lawgate.ReadTime(row[0].(string))
	if read == nil {
		return []any{nil, ""}
	}
	if read.OffsetAssumed {
		return []any{"the offset is assumed"}
	}
	return []any{read.Text, precisions[read.Precision]}
}

func localTime(row []any) []any {
	read := lawgate.ReadLocalTime(row[0].(string), row[1].(string))
	if read == nil {
		return []any{nil, "", "", false}
	}
	return []any{read.Text, precisions[read.Precision], read.Offset, read.OffsetAssumed}
}

func document(row []any) []any {
	_, fault := lawgate.ReadJSON([]byte(row[0].(string)))
	if fault == nil {
		return []any{"", 0}
	}
	return []any{fault.Code, fault.Offset}
}

func facts(row []any) []any {
	stated := []lawgate.Attribute{{Name: "content-type", Value: row[1].(string)}}
	read := lawgate.Facts(lawgate.Message{Payload: []byte(row[0].(string)), Attributes: stated}, "d")
	return []any{read.EncodingDeclared, encodings[read.EncodingUsed]}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	bytes, err := os.ReadFile(path)
	must(t, err)
	return bytes
}

func parse(t *testing.T, bytes []byte, to any) {
	t.Helper()
	must(t, json.Unmarshal(bytes, to))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
