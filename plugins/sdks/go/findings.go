package lawgate

// Findings about a message, and the facts of it.

import "strings"

// NewFinding is a finding (数据质量问题): a statement about bad or odd input, which changes nothing of it.
//
// `rule` is `<area>.<what>`, `field` the path in the record (`observation.value.unit`), `place` where it stands in the
// message, `text` one sentence for a person.
func NewFinding(rule, field string, place *Node, text string, severity Severity, action Action) Finding {
	offset, length := place.Place()
	return Finding{
		Severity: severity,
		Rule:     rule,
		Field:    field,
		Raw:      place.String(),
		Action:   action,
		Offset:   offset,
		Length:   length,
		Text:     text,
	}
}

// Facts are those of a message that the kit read as UTF-8: the encoding that its content type declares, and the one
// found.
func Facts(message Message, dialect string) *MessageFacts {
	declared := charset(message.Attribute("content-type"))
	used := EncodingUtf8
	if !hasMark(message.Payload) && isASCII(message.Payload) {
		used = labelled(declared)
	}
	return &MessageFacts{EncodingDeclared: declared, EncodingUsed: used, Dialect: dialect}
}

// charset is the parameter of that name of a content type; empty when it has none.
func charset(contentType string) string {
	_, parameters, _ := strings.Cut(contentType, ";")
	for _, parameter := range strings.Split(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if asciiLower(strings.TrimSpace(name)) == "charset" {
			return strings.Trim(strings.TrimSpace(value), "\"'")
		}
	}
	return ""
}

// labelled is the encoding of a text in ASCII whose sender stated a label.
func labelled(label string) Encoding {
	switch asciiLower(label) {
	case "utf-8", "utf8":
		return EncodingUtf8
	case "gb18030", "gb-18030":
		return EncodingGb18030
	case "gbk", "cp936", "windows-936", "gb2312", "gb_2312-80":
		return EncodingGbk
	}
	return EncodingAscii
}

func isASCII(payload []byte) bool {
	for _, letter := range payload {
		if letter >= 0x80 {
			return false
		}
	}
	return true
}
