package lawgate

// Values that many feeds share, by the rules of the common schema.
//
// What is read here becomes what the toolkit of Rust (`gateway/schema`) makes
// of it, and an oddity has the same code, severity and action in every feed:
// one table of cases holds all kits and the toolkit to it. The kits read fewer
// forms than the toolkit; the handbook says which.

import (
	"strconv"
	"strings"
)

// Longest text read as a number, in bytes; most places of an exponent, and of a point that is moved.
const (
	maxNumber   = 64
	maxExponent = 40
	maxShift    = 64
)

// Number is what reading one text yields.
type Number struct {
	// Value without a unit; nil when there is none.
	Value *Quantity
	// Rule is the code of what is odd (`number.nan`), empty where the text was in order.
	Rule     string
	Severity Severity
	Action   Action
	// Proposal is what the text may have been meant to be; it is never applied.
	Proposal string
}

// Findings is the finding about a number that was odd, and nothing about one in order.
func (n Number) Findings(field string, place *Node) []Finding {
	if n.Rule == "" {
		return nil
	}
	made := NewFinding(n.Rule, field, place, n.sentence(), n.Severity, n.Action)
	made.Proposal = n.Proposal
	return []Finding{made}
}

func (n Number) sentence() string {
	switch n.Rule {
	case "number.nan":
		return "The device sent NaN, which is no value."
	case "number.decimal-comma":
		return "A comma may be a decimal point here; the number was not guessed."
	case "number.sentinel":
		return "Devices send this number when they have no value."
	case "number.missing":
		return "The sender gave no value."
	}
	what := strings.TrimPrefix(n.Rule, "number.")
	if n.Action == ActionNormalised {
		return "The value was written in its canonical form (" + what + ")."
	}
	return "The value could not be read (" + what + ")."
}

func refused(rule string) Number {
	return Number{Rule: rule, Severity: SeverityError, Action: ActionDropped}
}

// ReadNumber reads a number; its digits are kept, and an exponent is written out.
//
// Detection limits, units within the value, grouped thousands and full-width
// digits are not read: they are `number.syntax`, and an adapter whose format
// has them reads them before.
func ReadNumber(text string) Number {
	if isPlaceholder(text) {
		return Number{Rule: "number.missing", Severity: SeverityInfo, Action: ActionDropped}
	}
	if len(text) > maxNumber {
		return refused("number.length")
	}
	unsigned := strings.TrimLeft(text, "+-")
	isNan := asciiLower(unsigned) == "nan"
	if isNan || strings.HasPrefix(unsigned, "1.#QNAN") || strings.HasPrefix(unsigned, "1.#IND") {
		return refused("number.nan")
	}
	switch asciiLower(unsigned) {
	case "inf", "infinity", "∞":
		return refused("number.infinite")
	}
	if strings.HasPrefix(unsigned, "1.#INF") {
		return refused("number.infinite")
	}
	p, ok := takeApart(text)
	if !ok {
		return noNumber(text)
	}
	return p.number(text)
}

// noNumber says so, and proposes what a decimal comma may mean.
func noNumber(text string) Number {
	meant := strings.Replace(text, ",", ".", 1)
	if p, ok := takeApart(meant); meant != text && ok && !p.plus && p.isDecimal() {
		made := refused("number.decimal-comma")
		made.Proposal = meant
		return made
	}
	return refused("number.syntax")
}

// numberParts is a number taken apart.
type numberParts struct {
	negative, plus, point, hasExponent bool
	whole, fraction                    string
	exponent                           int
}

// isDecimal says whether there are digits on both sides of the point and no exponent.
func (p numberParts) isDecimal() bool {
	return p.whole != "" && p.fraction != "" && !p.hasExponent
}

func takeApart(text string) (numberParts, bool) {
	p := numberParts{negative: strings.HasPrefix(text, "-"), plus: strings.HasPrefix(text, "+")}
	if p.negative || p.plus {
		text = text[1:]
	}
	p.whole, text = leadingDigits(text)
	if strings.HasPrefix(text, ".") {
		p.point = true
		p.fraction, text = leadingDigits(text[1:])
	}
	if p.whole == "" && p.fraction == "" {
		return p, false
	}
	if strings.HasPrefix(text, "e") || strings.HasPrefix(text, "E") {
		p.hasExponent = true
		text = text[1:]
		sign := 1
		if strings.HasPrefix(text, "-") {
			sign = -1
		}
		if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
			text = text[1:]
		}
		var written string
		written, text = leadingDigits(text)
		power, err := strconv.Atoi(written)
		if err != nil || len(written) > 4 || power > maxExponent {
			return p, false
		}
		p.exponent = sign * power
	}
	return p, text == ""
}

func leadingDigits(text string) (digits, rest string) {
	at := 0
	for at < len(text) && text[at] >= '0' && text[at] <= '9' {
		at++
	}
	return text[:at], text[at:]
}

// number is the value, and the first thing that is odd about how it was written.
func (p numberParts) number(text string) Number {
	value := p.compose(p.exponent)
	made := Number{Value: &Quantity{Value: value}}
	if value != text {
		made.Value.Raw = text
	}
	switch {
	case isSentinel(value):
		made.Rule, made.Severity, made.Action = "number.sentinel", SeverityWarning, ActionKept
		return made
	case p.hasExponent:
		made.Rule = "number.exponent"
	case p.plus:
		made.Rule = "number.sign"
	case p.whole == "" || p.point && p.fraction == "":
		made.Rule = "number.form"
	default:
		return made
	}
	made.Severity, made.Action = SeverityInfo, ActionNormalised
	return made
}

// compose is the decimal text of the parts, the point moved by `power` places; no digit is lost.
func (p numberParts) compose(power int) string {
	whole, fraction := p.whole, p.fraction
	if power >= 0 {
		moved := min(power, len(fraction))
		whole += fraction[:moved] + strings.Repeat("0", power-moved)
		fraction = fraction[moved:]
	} else {
		padded := strings.Repeat("0", -power) + whole
		whole = padded[:len(padded)+power]
		fraction = padded[len(padded)+power:] + fraction
	}
	text := strings.TrimLeft(whole, "0")
	if text == "" {
		text = "0"
	}
	if fraction != "" {
		text += "." + fraction
	}
	if p.negative {
		return "-" + text
	}
	return text
}

func isSentinel(value string) bool {
	whole, fraction, _ := strings.Cut(value, ".")
	switch whole {
	case "65535", "32767", "-32768", "-9999", "-999", "-99999", "99999", "4294967295", "2147483647":
		return strings.Trim(fraction, "0") == ""
	}
	return false
}

// isPlaceholder says whether a text only fills the place of a value.
func isPlaceholder(text string) bool {
	switch asciiLower(text) {
	case "null", "none", "nil", "n/a", "na", "undefined",
		"无", "暂无", "空", "不详", "未知", "未填", "缺失", "无数据":
		return true
	}
	return strings.Trim(text, "-—–―－_/\\.*`'\"?、 \t\r\n") == ""
}

// asciiLower writes the ASCII letters of a text small.
func asciiLower(text string) string {
	small := []byte(text)
	for i, letter := range small {
		if letter >= 'A' && letter <= 'Z' {
			small[i] = letter | 0x20
		}
	}
	return string(small)
}

// Decimal is a number as JSON writes it, as exact decimal text; false when it is none, or has more than 40 places of
// exponent. ReadNumber says besides what was odd.
func Decimal(text string) (string, bool) {
	p, ok := takeApart(text)
	if !ok || p.whole == "" || p.point && p.fraction == "" {
		return "", false
	}
	return p.compose(p.exponent), true
}

// Shift moves the decimal point `power` places to the right (to the left if negative) and keeps every digit.
//
// `Shift("101325", -3)` is `101.325`: Pa to kPa. False for text that is no decimal number, and beyond 64 places.
func Shift(text string, power int) (string, bool) {
	p, ok := takeApart(text)
	isPlain := ok && p.whole != "" && !p.plus && !p.hasExponent && p.point == (p.fraction != "")
	if !isPlain || power > maxShift || power < -maxShift {
		return "", false
	}
	return p.compose(power), true
}
