// Values that many feeds share, by the rules of the common schema.
//
// The rules and their codes are those of the Rust toolkit
// (`gateway/schema`), so that the same oddity has the same name in every feed.

/**
 * A number as JSON or a form writes it, as exact decimal text; undefined when it is none.
 *
 * Exponents are written out; no digit is lost or invented.
 *
 * @param {string} text
 * @returns {string | undefined}
 */
export function decimal(text) {
  const parts = /^([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/.exec(text);
  if (!parts) return undefined;
  const [, sign, whole, fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent);
  let digits = whole + fraction;
  let point = whole.length + shift;
  if (point <= 0) {
    digits = '0'.repeat(1 - point) + digits;
    point = 1;
  }
  if (point > digits.length) digits += '0'.repeat(point - digits.length);
  const left = digits.slice(0, point).replace(/^0+(?=[0-9])/, '');
  const right = digits.slice(point);
  return (sign === '-' ? '-' : '') + left + (right === '' ? '' : `.${right}`);
}

/**
 * A point in time of RFC 3339 with offset, as the schema writes it; undefined when it is none.
 *
 * @param {string} text
 * @returns {import('./schema.js').DateTime | undefined}
 */
export function dateTime(text) {
  const parts =
    /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = parts;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const offset = /[Zz]/.test(zone) ? '+00:00' : zone;
  const fits =
    month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] && hour <= 23 && minute <= 59 && second <= 59 &&
    offset.slice(1, 3) <= 23 && offset.slice(4) <= 59;
  if (!fits) return undefined;
  const precision =
    fraction === '' ? 'PRECISION_SECOND' : fraction.length <= 4 ? 'PRECISION_MILLISECOND' : 'PRECISION_NANOSECOND';
  return { text: `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${offset}`, precision, offset };
}

/**
 * A finding (数据质量问题): a statement about bad or odd input, which changes nothing of it.
 *
 * @param {string} rule `<area>.<what>`
 * @param {string} field path in the record: `observation.value.unit`
 * @param {{start: number, length: number, text?: string} | undefined} place where it stands in the message
 * @param {string} text one sentence for a person
 * @param {Partial<import('./schema.js').Finding>} more severity (by default a warning), action (by default kept)
 * @returns {import('./schema.js').Finding}
 */
export function finding(rule, field, place, text, more = {}) {
  return {
    severity: 'SEVERITY_WARNING',
    rule,
    field,
    raw: place?.text ?? '',
    action: 'ACTION_KEPT',
    offset: place?.start ?? 0,
    length: place?.length ?? 0,
    text,
    ...more,
  };
}
