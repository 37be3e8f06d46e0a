// Reading JSON (RFC 8259) with places.
//
// Unlike JSON.parse it keeps numbers as their text, so that no digit is lost,
// says for every value at which byte of the message it stands, and keeps
// repeated names. Depth is bounded; anything else than JSON is a fault with its
// byte.

/** Deepest nesting read. */
export const MAX_DEPTH = 64;

/** What is wrong with a text, and at which byte. */
export class JsonFault extends Error {
  constructor(offset, text) {
    super(text);
    this.offset = offset;
  }
}

/**
 * A value: `kind` is object, array, text, number, true, false or null; `start` and `end` are bytes of the message.
 * Objects and arrays have `items`; items of objects have `name`. Texts and numbers have `text`.
 */
class Node {
  constructor(kind, start) {
    this.kind = kind;
    this.start = start;
    this.end = start;
    this.text = '';
    this.items = [];
    this.name = '';
  }

  /** The first member of this name; undefined when there is none. */
  get(name) {
    return this.kind === 'object' ? this.items.find((item) => item.name === name) : undefined;
  }

  /** The member at the end of these names. */
  at(...names) {
    return names.reduce((node, name) => node?.get(name), this);
  }

  /** Length in bytes. */
  get length() {
    return this.end - this.start;
  }
}

/**
 * Reads one JSON text in UTF-8.
 *
 * @param {Uint8Array} bytes
 * @returns {Node}
 */
export function read(bytes) {
  const reader = new Reader(bytes);
  reader.space();
  const node = reader.value(0);
  reader.space();
  if (reader.at < bytes.length) reader.fault('something follows the value');
  return node;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
const code = (letter) => letter.charCodeAt(0);
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    // A byte order mark is not part of the text.
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  fault(text) {
    throw new JsonFault(this.at, text);
  }

  space() {
    while ([0x20, 0x09, 0x0a, 0x0d].includes(this.bytes[this.at])) this.at += 1;
  }

  value(depth) {
    if (depth > MAX_DEPTH) this.fault(`nested deeper than ${MAX_DEPTH}`);
    const first = this.bytes[this.at];
    if (first === code('{')) return this.list('object', '}', depth);
    if (first === code('[')) return this.list('array', ']', depth);
    if (first === code('"')) return this.string();
    return this.plain();
  }

  list(kind, close, depth) {
    const node = new Node(kind, this.at);
    this.at += 1;
    this.space();
    if (this.bytes[this.at] !== code(close)) {
      for (;;) {
        let name = '';
        if (kind === 'object') {
          if (this.bytes[this.at] !== code('"')) this.fault('a name is expected');
          name = this.string().text;
          this.space();
          this.expect(':');
          this.space();
        }
        const item = this.value(depth + 1);
        item.name = name;
        node.items.push(item);
        this.space();
        if (this.bytes[this.at] !== code(',')) break;
        this.at += 1;
        this.space();
      }
    }
    this.expect(close);
    node.end = this.at;
    return node;
  }

  expect(letter) {
    if (this.bytes[this.at] !== code(letter)) this.fault(`${letter} is expected`);
    this.at += 1;
  }

  string() {
    const node = new Node('text', this.at);
    this.at += 1;
    const parts = [];
    let from = this.at;
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined || byte < 0x20) this.fault('the text does not end');
      if (byte === code('"')) break;
      if (byte === code('\\')) {
        parts.push(this.decode(from));
        parts.push(this.escape());
        from = this.at;
      } else {
        this.at += 1;
      }
    }
    parts.push(this.decode(from));
    this.at += 1;
    node.text = parts.join('');
    node.end = this.at;
    return node;
  }

  decode(from) {
    try {
      return strict.decode(this.bytes.subarray(from, this.at));
    } catch {
      throw new JsonFault(from, 'the text is not UTF-8');
    }
  }

  escape() {
    const letter = String.fromCharCode(this.bytes[this.at + 1]);
    if (letter !== 'u') {
      if (!Object.hasOwn(ESCAPES, letter)) this.fault('an unknown escape');
      this.at += 2;
      return ESCAPES[letter];
    }
    const unit = this.unit();
    if (unit >= 0xdc00 && unit < 0xe000) this.fault('half of a character');
    if (unit < 0xd800 || unit >= 0xdc00) return String.fromCharCode(unit);
    if (this.bytes[this.at] !== code('\\') || this.bytes[this.at + 1] !== code('u')) this.fault('half of a character');
    const low = this.unit();
    if (low < 0xdc00 || low >= 0xe000) this.fault('half of a character');
    return String.fromCharCode(unit, low);
  }

  unit() {
    const digits = String.fromCharCode(...this.bytes.subarray(this.at + 2, this.at + 6));
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fault('four hexadecimal digits are expected');
    this.at += 6;
    return parseInt(digits, 16);
  }

  plain() {
    const start = this.at;
    let end = start;
    while (end < this.bytes.length && /[-+.0-9A-Za-z]/.test(String.fromCharCode(this.bytes[end]))) end += 1;
    const text = String.fromCharCode(...this.bytes.subarray(start, Math.min(end, start + 1024)));
    const isWord = text === 'true' || text === 'false' || text === 'null';
    if (end - start > 1024 || (!isWord && !NUMBER.test(text))) this.fault('a value is expected');
    const node = new Node(isWord ? text : 'number', start);
    node.text = text;
    this.at = end;
    node.end = end;
    return node;
  }
}
