package lawgate

// Times as RFC 3339 writes them, by the rules of the common schema.
//
// No clock and no table of time zones: an instant is moved by minutes within
// the Gregorian calendar.

import "strings"

// China is the offset in which every instant is written, so that one instant has one text.
const China = "+08:00"

// Minutes of a day, and of the offset of China.
const (
	dayMinutes   = 24 * 60
	chinaMinutes = 8 * 60
)

// ReadTime reads a point in time of RFC 3339 that states its offset; nil when it is none.
//
// The result is in Chinese time.
func ReadTime(text string) *DateTime {
	return readTime(text, "")
}

// ReadLocalTime reads a date or time that states no offset, at the offset which the format documents (`+08:00`).
//
// The result is in Chinese time and marked as assumed; a text that does state
// an offset is read by its own. A date stays a date: no time of day is
// invented, and its offset is the documented one. Nil when it is no time.
func ReadLocalTime(text, offset string) *DateTime {
	return readTime(text, offset)
}

// timeParts is a time as it is written; no part of it is checked against the calendar.
type timeParts struct {
	year, month, day     int
	hour, minute, second int
	hasTime, hasSecond   bool
	fraction, zone       string
}

func readTime(text, assumed string) *DateTime {
	p, ok := timeOf(text)
	if !ok {
		return nil
	}
	offset := p.zone
	switch offset {
	case "":
		offset = assumed
	case "Z", "z":
		offset = "+00:00"
	}
	minutes, ok := offsetMinutes(offset)
	if !ok || !p.isInCalendar() {
		return nil
	}
	if !p.hasTime {
		return &DateTime{Text: text, Precision: PrecisionDay, Offset: offset, OffsetAssumed: true}
	}
	p.move(chinaMinutes - minutes)
	if p.year < 0 {
		return nil
	}
	digits, precision := p.precision()
	written := p.text() + digits + China
	return &DateTime{Text: written, Precision: precision, Offset: China, OffsetAssumed: p.zone == ""}
}

// timeOf takes a text apart that is `2026-09-01`, or that with a time of day, seconds, their fraction, an offset.
func timeOf(text string) (p timeParts, ok bool) {
	l := letters{text: text}
	p.year = l.number(4)
	l.take("-")
	p.month = l.number(2)
	l.take("-")
	p.day = l.number(2)
	if l.text == "" {
		return p, !l.failed
	}
	p.hasTime = true
	l.takeAny("Tt ")
	p.hour = l.number(2)
	l.take(":")
	p.minute = l.number(2)
	if strings.HasPrefix(l.text, ":") {
		p.hasSecond = true
		l.take(":")
		p.second = l.number(2)
		if strings.HasPrefix(l.text, ".") {
			l.take(".")
			p.fraction, l.text = leadingDigits(l.text)
			l.failed = l.failed || p.fraction == "" || len(p.fraction) > 9
		}
	}
	p.zone = l.text
	return p, !l.failed
}

// letters are what is left of a text that is read from its beginning.
type letters struct {
	text   string
	failed bool
}

func (l *letters) number(width int) int {
	digits, _ := leadingDigits(l.text)
	if len(digits) < width {
		l.failed = true
		return 0
	}
	value := 0
	for _, digit := range digits[:width] {
		value = value*10 + int(digit-'0')
	}
	l.text = l.text[width:]
	return value
}

func (l *letters) take(letter string) {
	l.takeAny(letter)
}

func (l *letters) takeAny(any string) {
	if l.text == "" || !strings.Contains(any, l.text[:1]) {
		l.failed = true
		return
	}
	l.text = l.text[1:]
}

// offsetMinutes are those of `+08:00`; at most 14 hours.
func offsetMinutes(offset string) (int, bool) {
	sign := 1
	if strings.HasPrefix(offset, "-") {
		sign = -1
	}
	l := letters{text: offset}
	l.takeAny("+-")
	hours := l.number(2)
	l.take(":")
	minutes := l.number(2)
	if l.failed || l.text != "" || hours > 14 || minutes > 59 {
		return 0, false
	}
	return sign * (hours*60 + minutes), true
}

func (p *timeParts) isInCalendar() bool {
	if p.month < 1 || p.month > 12 || p.day < 1 || p.day > daysOf(p.year, p.month) {
		return false
	}
	// What stands for an open end is no time.
	isOpenEnd := p.year == 9999 && p.month == 12 && p.day == 31
	return !isOpenEnd && p.hour <= 23 && p.minute <= 59 && p.second <= 59
}

func daysOf(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// move adds minutes, less than a day's.
func (p *timeParts) move(minutes int) {
	total := p.hour*60 + p.minute + minutes
	switch {
	case total < 0:
		total += dayMinutes
		if p.day--; p.day == 0 {
			if p.month--; p.month == 0 {
				p.year, p.month = p.year-1, 12
			}
			p.day = daysOf(p.year, p.month)
		}
	case total >= dayMinutes:
		total -= dayMinutes
		if p.day++; p.day > daysOf(p.year, p.month) {
			p.day = 1
			if p.month++; p.month == 13 {
				p.year, p.month = p.year+1, 1
			}
		}
	}
	p.hour, p.minute = total/60, total%60
}

// precision is that of the time of day, and the digits of the fraction that belong to it.
func (p *timeParts) precision() (string, Precision) {
	switch {
	case !p.hasSecond:
		return "", PrecisionMinute
	// `.0` is how Java prints whole seconds, not a measured tenth.
	case p.fraction == "" || p.fraction == "0":
		return "", PrecisionSecond
	case len(p.fraction) <= 3:
		return "." + (p.fraction + "00")[:3], PrecisionMillisecond
	}
	return "." + (p.fraction + "00000")[:9], PrecisionNanosecond
}

// text is date and time of day in whole seconds.
func (p *timeParts) text() string {
	b := make([]byte, 0, 20)
	for _, part := range [...]struct {
		value, width int
		before       string
	}{{p.year, 4, ""}, {p.month, 2, "-"}, {p.day, 2, "-"}, {p.hour, 2, "T"}, {p.minute, 2, ":"}, {p.second, 2, ":"}} {
		b = append(b, part.before...)
		for divisor := power10(part.width - 1); divisor > 0; divisor /= 10 {
			b = append(b, byte('0'+part.value/divisor%10))
		}
	}
	return string(b)
}

func power10(places int) int {
	power := 1
	for ; places > 0; places-- {
		power *= 10
	}
	return power
}
