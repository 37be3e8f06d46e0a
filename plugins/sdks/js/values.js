// Values that many feeds share, by the rules of the common schema.
//
// What is read here becomes what the toolkit of Rust (`gateway/schema`) makes
// of it, and an oddity has the same code, severity and action in every feed:
// one table of cases holds all kits and the toolkit to it. The kits read fewer
// forms than the toolkit; the handbook says which.

/** Every instant is written in Chinese time, so that one instant has one text. */
export const CHINA = '+08:00';

/** Longest text read as a number, in bytes. */
const MAX_NUMBER = 64;

const PLACEHOLDERS = [
  'null', 'none', 'nil', 'n/a', 'na', 'undefined', '无', '暂无', '空', '不详', '未知', '未填', '缺失', '无数据',
];
const SENTINELS = ['65535', '32767', '-32768', '-9999', '-999', '-99999', '99999', '4294967295', '2147483647'];
const SENTENCES = {
  'number.nan': 'The device sent NaN, which is no value.',
  'number.decimal-comma': 'A comma may be a decimal point here; the number was not guessed.',
  'number.sentinel': 'Devices send this number when they have no value.',
  'number.missing': 'The sender gave no value.',
};

/** Labels of encodings that senders state. */
const LABELS = {
  'utf-8': 'ENCODING_UTF_8', utf8: 'ENCODING_UTF_8', gb18030: 'ENCODING_GB18030', 'gb-18030': 'ENCODING_GB18030',
  gbk: 'ENCODING_GBK', cp936: 'ENCODING_GBK', 'windows-936': 'ENCODING_GBK', gb2312: 'ENCODING_GBK',
  'gb_2312-80': 'ENCODING_GBK', 'us-ascii': 'ENCODING_ASCII', ascii: 'ENCODING_ASCII',
};

/**
 * What reading one text yields: `value`, if there is one; and what a rule says about the text, if anything: its code
 * (`number.nan`; empty where the text was in order), severity, action, and a `proposal`, which is never applied.
 */
class Reading {
  constructor(value, rule = '', severity = '', action = '', proposal = '') {
    Object.assign(this, { value, rule, severity, action, proposal });
  }

  /** The finding about `place`; undefined where the text was in order. */
  finding(field, place) {
    if (this.rule === '') return undefined;
    const what = this.rule.split('.')[1];
    const said = this.action === 'ACTION_NORMALISED'
      ? `The value was written in its canonical form (${what}).`
      : `The value could not be read (${what}).`;
    const more = { severity: this.severity, action: this.action };
    if (this.proposal !== '') more.proposal = this.proposal;
    return finding(this.rule, field, place, SENTENCES[this.rule] ?? said, more);
  }
}

const refused = (rule, proposal = '') => new Reading(undefined, rule, 'SEVERITY_ERROR', 'ACTION_DROPPED', proposal);
const sizeOf = (text) => new TextEncoder().encode(text).length;

/**
 * Reads a number; its digits are kept, and an exponent is written out. The value is a Quantity without a unit.
 *
 * Detection limits, units within the value, grouped thousands and full-width digits are not read: they are
 * `number.syntax`, and an adapter whose format has them reads them before.
 *
 * @param {string} text
 */
export function number(text) {
  const bare = text.toLowerCase();
  if (PLACEHOLDERS.includes(bare) || /^[-—–―－_/\\.*`'"?、 \t\r\n]*$/.test(text)) {
    return new Reading(undefined, 'number.missing', 'SEVERITY_INFO', 'ACTION_DROPPED');
  }
  if (sizeOf(text) > MAX_NUMBER) return refused('number.length');
  const unsigned = text.replace(/^[+-]+/, '');
  if (/^nan$/i.test(unsigned) || /^1\.#(QNAN|IND)/.test(unsigned)) return refused('number.nan');
  if (/^(inf|infinity|∞)$/i.test(unsigned) || unsigned.startsWith('1.#INF')) return refused('number.infinite');
  const parts = /^([+-]?)([0-9]*)(\.?)([0-9]*)(?:[eE]([+-]?[0-9]{1,4}))?$/.exec(text);
  if (!parts || (parts[2] === '' && parts[4] === '') || Math.abs(Number(parts[5] ?? 0)) > 40) {
    const meant = text.replace(',', '.');
    const isComma = text.includes(',') && /^-?[0-9]+\.[0-9]+$/.test(meant);
    return isComma ? refused('number.decimal-comma', meant) : refused('number.syntax');
  }
  const [, sign, whole, point, fraction, exponent] = parts;
  let rule = sign === '+' ? 'number.sign' : '';
  if (rule === '' && (whole === '' || (point !== '' && fraction === ''))) rule = 'number.form';
  let value = (sign === '-' ? '-' : '') + (whole.replace(/^0+/, '') || '0') + (fraction === '' ? '' : `.${fraction}`);
  if (exponent !== undefined) {
    rule = 'number.exponent';
    value = shift(value, Number(exponent));
  }
  const made = value === text ? { value } : { value, raw: text };
  const [before, after = ''] = value.split('.');
  if (SENTINELS.includes(before) && /^0*$/.test(after)) {
    return new Reading(made, 'number.sentinel', 'SEVERITY_WARNING', 'ACTION_KEPT');
  }
  return rule === '' ? new Reading(made) : new Reading(made, rule, 'SEVERITY_INFO', 'ACTION_NORMALISED');
}

/**
 * A number as JSON writes it, as exact decimal text; undefined when it is none, or has more than 40 places of exponent.
 * `number` says besides what was odd.
 *
 * @param {string} text
 * @returns {string | undefined}
 */
export function decimal(text) {
  return /^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text) ? number(text).value?.value : undefined;
}

/**
 * Moves the decimal point `power` places to the right (to the left if negative) and keeps every digit.
 *
 * `shift('101325', -3)` is `101.325`: Pa to kPa. Undefined for text that is no decimal number, and beyond 64 places.
 *
 * @param {string} text
 * @param {number} power
 * @returns {string | undefined}
 */
export function shift(text, power) {
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (!parts || Math.abs(power) > 64) return undefined;
  let [, sign, whole, fraction = ''] = parts;
  if (power >= 0) {
    whole += fraction.slice(0, power).padEnd(power, '0');
    fraction = fraction.slice(power);
  } else {
    const padded = '0'.repeat(-power) + whole;
    whole = padded.slice(0, power);
    fraction = padded.slice(power) + fraction;
  }
  return sign + (whole.replace(/^0+/, '') || '0') + (fraction === '' ? '' : `.${fraction}`);
}

/**
 * A point in time of RFC 3339 that states its offset, in Chinese time; undefined when it is none.
 *
 * @param {string} text
 * @returns {import('./schema.js').DateTime | undefined}
 */
export function dateTime(text) {
  return time(text, undefined);
}

/**
 * A date or time that states no offset, at the offset which the format documents (`+08:00`).
 *
 * The result is in Chinese time and marked as assumed; a text that does state an offset is read by its own. A date
 * stays a date: no time of day is invented, and its offset is the documented one. Undefined when it is no time.
 *
 * @param {string} text
 * @param {string} offset
 * @returns {import('./schema.js').DateTime | undefined}
 */
export function localTime(text, offset) {
  return time(text, offset);
}

/** Minutes of `+08:00`; at most 14 hours. */
function minutesOf(offset) {
  const parts = /^([+-])([0-9]{2}):([0-9]{2})$/.exec(offset ?? '');
  if (!parts || parts[2] > 14 || parts[3] > 59) return undefined;
  return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3]));
}

const TIME = new RegExp(
  '^([0-9]{4})-([0-9]{2})-([0-9]{2})' +
    '(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]{1,9}))?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?$',
);

function time(text, assumed) {
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = parts;
  const offset = zone === 'Z' || zone === 'z' ? '+00:00' : zone ?? assumed;
  const minutes = minutesOf(offset);
  // What stands for an open end is no time.
  if (minutes === undefined || `${year}-${month}-${day}` === '9999-12-31') return undefined;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) return undefined;
  if (hour === undefined) return { text, precision: 'PRECISION_DAY', offset, offsetAssumed: true };
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const moved = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}Z`);
  moved.setTime(moved.getTime() + (480 - minutes) * 60_000);
  let precision = second === undefined ? 'PRECISION_MINUTE' : 'PRECISION_SECOND';
  let digits = '';
  // `.0` is how Java prints whole seconds, not a measured tenth.
  if (fraction !== undefined && fraction !== '0') {
    precision = fraction.length <= 3 ? 'PRECISION_MILLISECOND' : 'PRECISION_NANOSECOND';
    digits = `.${fraction.padEnd(fraction.length <= 3 ? 3 : 9, '0')}`;
  }
  const written = moved.toISOString().slice(0, 19) + digits + CHINA;
  return { text: written, precision, offset: CHINA, offsetAssumed: zone === undefined };
}

/**
 * Facts of a message that the kit read as UTF-8: the encoding declared in the content type, and the one found.
 *
 * @param {Uint8Array} payload
 * @param {string} dialect
 * @param {string} contentType
 * @returns {import('./schema.js').MessageFacts}
 */
export function facts(payload, dialect, contentType = '') {
  const parameters = contentType.split(';').slice(1).map((parameter) => parameter.split('='));
  const stated = parameters.find(([name, value]) => value !== undefined && name.trim().toLowerCase() === 'charset');
  const encodingDeclared = stated ? stated[1].trim().replace(/^["']+|["']+$/g, '') : '';
  const hasMark = payload[0] === 0xef && payload[1] === 0xbb && payload[2] === 0xbf;
  let encodingUsed = 'ENCODING_UTF_8';
  if (!hasMark && payload.every((byte) => byte < 0x80)) {
    encodingUsed = LABELS[encodingDeclared.toLowerCase()] ?? 'ENCODING_ASCII';
  }
  return { encodingDeclared, encodingUsed, dialect };
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
