// Reading JSON (RFC 8259) with places.
//
// Unlike JSON.parse it keeps numbers as their text, so that no digit is lost,
// says for every value at which byte of the message it stands, and keeps
// repeated names. Depth is X

/** Deepest nesting of objects and arrays that is read. */
export const MAX_DEPTH = 32;

/** What is wrong with a text: a code for the rejection (`document.unclosed`), the byte, a sentence. */
export class JsonFault extends Error {
  constructor(code, offset, text) {
    super(text);
    this.code = code;
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
  if (reader.at >= bytes.length) throw new JsonFault('document.empty', 0, 'the message has no content');
  if (!OPENINGS.includes(bytes[reader.at])) {
    throw new JsonFault('document.format', reader.at, 'the message does not begin as JSON does');
  }
  const node = reader.value(0);
  reader.space();
  if (reader.at < bytes.length) reader.fault('something follows the value');
  return node;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const code = (letter) => letter.charCodeAt(0);
const OPENINGS = ['{', '[', '"'].map(code);
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    // A byte order mark is not part of the text.
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  fault(text) {
    if (this.at >= this.bytes.length) {
      throw new JsonFault('document.unclosed', this.bytes.length, 'the message ends inside the document');
    }
    throw new JsonFault('document.malformed', this.at, text);
  }

  space() {
    while ([0x20, 0x09, 0x0a, 0x0d].includes(this.bytes[this.at])) this.at += 1;
  }

  value(depth) {
    const first = this.bytes[this.at];
    if ((first === code('{') || first === code('[')) && depth >= MAX_DEPTH) {
      throw new JsonFault('document.depth', this.at, `nested deeper than ${MAX_DEPTH} levels`);
    }
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
      if (byte === undefined || byte < 0x20) this.fault('a control character inside a text');
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
      // The first byte that is no part of a character: what is before it can be decoded.
      let good = from;
      for (let end = from + 1; end <= this.at; end += 1) {
        try {
          strict.decode(this.bytes.subarray(good, end));
          good = end;
        } catch {
          if (end - good >= 4) break;
        }
      }
      throw new JsonFault('document.encoding', good, 'the text is not UTF-8');
    }
  }

  escape() {
    const start = this.at;
    const letter = String.fromCharCode(this.bytes[start + 1]);
    if (letter !== 'u') {
      if (!Object.hasOwn(ESCAPES, letter)) this.badEscape(start);
      this.at += 2;
      return ESCAPES[letter];
    }
    const unit = this.unit(start);
    if (unit < 0xd800 || unit >= 0xe000) return String.fromCharCode(unit);
    // A character beyond the basic plane is written as a pair of escapes.
    const isPair = this.bytes[this.at] === code('\\') && this.bytes[this.at + 1] === code('u');
    if (unit >= 0xdc00 || !isPair) this.badEscape(start);
    const low = this.unit(start);
    if (low < 0xdc00 || low >= 0xe000) this.badEscape(start);
    return String.fromCharCode(unit, low);
  }

  unit(start) {
    const digits = String.fromCharCode(...this.bytes.subarray(this.at + 2, this.at + 6));
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.badEscape(start);
    this.at += 6;
    return parseInt(digits, 16);
  }

  /** The fault at an escape, unless the text does not even end. */
  badEscape(start) {
    this.at = start;
    while (this.bytes[this.at] !== code('"')) {
      const byte = this.bytes[this.at];
      if (byte === undefined || byte < 0x20) this.fault('a control character inside a text');
      this.at += byte === code('\\') ? 2 : 1;
    }
    this.at = start;
    this.fault('an unknown escape');
  }

  plain() {
    const start = this.at;
    for (const word of ['true', 'false', 'null']) {
      if (String.fromCharCode(...this.bytes.subarray(start, start + word.length)) !== word) continue;
      this.at += word.length;
      return this.leaf(word, start);
    }
    this.take('-');
    if (!this.take('0')) this.digits(start);
    if (this.take('.')) this.digits(start);
    if (this.take('e') || this.take('E')) {
      if (!this.take('+')) this.take('-');
      this.digits(start);
    }
    return this.leaf('number', start);
  }

  leaf(kind, start) {
    const node = new Node(kind, start);
    node.text = strict.decode(this.bytes.subarray(start, this.at));
    node.end = this.at;
    return node;
  }

  take(letter) {
    if (this.bytes[this.at] !== code(letter)) return false;
    this.at += 1;
    return true;
  }

  digits(start) {
    const from = this.at;
    while (this.bytes[this.at] >= 0x30 && this.bytes[this.at] <= 0x39) this.at += 1;
    if (this.at === from) this.fault(from === start ? 'a value is expected' : 'a digit is expected');
  }
}
