// What an adapter in JavaScript or TypeScript stands on.
//
// `adapter` turns two plain functions into the three exports of the contract
// (plugins/wit/adapter.wit) and encodes what they return. It has no state, no
// clock and no randomness, and it needs no package.

import { messages, enums } from './schema.js';

/** A message that cannot be understood as a whole: throw it, and the message goes to quarantine (隔离区). */
export class Rejection extends Error {
  /**
   * @param {string} code stable, `<adapter>.<what>`: 1 to 64 lower-case letters, digits, dots and hyphens
   * @param {number} offset byte of the message where the fault was noticed
   * @param {string} text one sentence for a person
   */
  constructor(code, offset, text) {
    super(text);
    this.code = code;
    this.offset = offset;
  }
}

/** Faults of a configuration: throw it with all of them at once. */
export class ConfigurationFaults extends Error {
  /** @param {Array<{path: string, text: string}>} faults */
  constructor(faults) {
    super(faults.map((fault) => `${fault.path}: ${fault.text}`).join('\n'));
    this.faults = faults;
  }
}

/**
 * The three exports of the contract.
 *
 * @param {object} parts
 * @param {{id: string, version: string, feedKinds: string[], schemaVersion: string,
 *   limits?: {memoryBytes?: number, deadlineMs?: number}}} parts.description as in adapter.toml
 * @param {(bytes: Uint8Array) => any} parts.configure reads the configuration; throws ConfigurationFaults
 * @param {(configuration: any, message: {payload: Uint8Array, attributes: Array<{name: string, value: string}>}) =>
 *   import('./schema.js').Conversion} parts.convert converts one message; throws Rejection
 */
export function adapter({ description, configure, convert }) {
  let configuration;
  return {
    describe() {
      const limits = description.limits ?? {};
      return {
        ...description,
        limits: { memoryBytes: BigInt(limits.memoryBytes ?? 0), deadlineMs: limits.deadlineMs ?? 0 },
      };
    },
    configure(bytes) {
      try {
        configuration = configure(bytes);
      } catch (error) {
        // The contract's error is thrown as its payload.
        throw error instanceof ConfigurationFaults ? error.faults : error;
      }
    },
    convert(list) {
      return list.map((message) => outcome(convert, configuration, message));
    },
  };
}

function outcome(convert, configuration, message) {
  try {
    return { tag: 'converted', val: encode('Conversion', convert(configuration, message)) };
  } catch (error) {
    // Anything else is a fault of the adapter; it ends the call, and the gateway says so.
    if (!(error instanceof Rejection)) throw error;
    return { tag: 'rejected', val: { code: error.code, offset: BigInt(error.offset), text: error.message } };
  }
}

/** Wire types of protobuf. */
const NUMBER = 0;
const BYTES = 2;
const FOUR_BYTES = 5;

/**
 * Encodes a message of the common schema, fields in order of their numbers, defaults left out.
 *
 * @param {string} name its type: `Conversion`
 * @param {object} value its fields by their JSON names; a field that is missing is not written
 * @returns {Uint8Array}
 */
export function encode(name, value) {
  const out = new Writer();
  writeMessage(out, name, value, name);
  return out.take();
}

function writeMessage(out, name, value, path) {
  const fields = messages[name];
  if (typeof value !== 'object' || value === null) throw new TypeError(`${path}: an object is expected`);
  for (const key of Object.keys(value)) {
    if (!fields.some((field) => field[1] === key)) throw new TypeError(`${path}.${key}: ${name} has no such field`);
  }
  for (const [number, key, kind, label] of fields) {
    const held = value[key];
    if (held === undefined || held === null) continue;
    writeField(out, number, kind, label, held, `${path}.${key}`);
  }
}

function writeField(out, number, kind, label, held, path) {
  if (label === '%') {
    for (const key of Object.keys(held).sort()) {
      const pair = new Writer();
      if (key !== '') writeOne(pair, 1, 's', key, path);
      if (held[key] !== '') writeOne(pair, 2, 's', held[key], path);
      out.bytes(number, pair.take());
    }
  } else if (label !== '*') {
    if (label === '?' || !isDefault(kind, held)) writeOne(out, number, kind, held, path);
  } else if (held.length > 0) {
    if ('ubU'.includes(kind) || kind.startsWith('e:')) {
      const packed = new Writer();
      held.forEach((item, index) => packed.number(integer(kind, item, `${path}[${index}]`)));
      out.bytes(number, packed.take());
    } else {
      held.forEach((item, index) => writeOne(out, number, kind, item, `${path}[${index}]`));
    }
  }
}

function isDefault(kind, held) {
  if (kind === 's') return held === '';
  if (kind === 'y') return held.length === 0;
  if (kind.startsWith('m:')) return false;
  if (kind.startsWith('e:')) return enums[kind.slice(2)][held] === 0;
  return !held;
}

function writeOne(out, number, kind, held, path) {
  if (kind.startsWith('m:')) {
    const inner = new Writer();
    writeMessage(inner, kind.slice(2), held, path);
    out.bytes(number, inner.take());
  } else if (kind === 's') {
    if (typeof held !== 'string') throw new TypeError(`${path}: text is expected`);
    out.bytes(number, utf8.encode(held));
  } else if (kind === 'y') {
    if (!(held instanceof Uint8Array)) throw new TypeError(`${path}: bytes are expected`);
    out.bytes(number, held);
  } else if (kind === 'f') {
    out.tag(number, FOUR_BYTES);
    out.fixed32(integer('u', held, path));
  } else {
    out.tag(number, NUMBER);
    out.number(integer(kind, held, path));
  }
}

/** The number that stands on the wire. */
function integer(kind, held, path) {
  if (kind.startsWith('e:')) {
    const value = enums[kind.slice(2)][held];
    if (value === undefined) throw new TypeError(`${path}: ${kind.slice(2)} has no ${String(held)}`);
    return BigInt(value);
  }
  if (kind === 'b') {
    if (typeof held !== 'boolean') throw new TypeError(`${path}: true or false is expected`);
    return held ? 1n : 0n;
  }
  const isNumber = typeof held === 'bigint' || Number.isSafeInteger(held);
  const most = kind === 'u' ? 0xffffffffn : 0xffffffffffffffffn;
  if (!isNumber || BigInt(held) < 0n || BigInt(held) > most) {
    throw new TypeError(`${path}: a whole number from 0 to ${most} is expected`);
  }
  return BigInt(held);
}

const utf8 = new TextEncoder();

/** Bytes that grow. */
class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  tag(number, type) {
    this.#small((number << 3) | type);
  }

  bytes(number, bytes) {
    this.tag(number, BYTES);
    this.#small(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  fixed32(value) {
    for (let shift = 0n; shift < 32n; shift += 8n) this.#byte(Number((value >> shift) & 0xffn));
  }

  number(value) {
    if (value < 0x80000000n) return this.#small(Number(value));
    let rest = value;
    while (rest > 0x7fn) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  take() {
    return this.#bytes.slice(0, this.#length);
  }

  #small(value) {
    let rest = value;
    while (rest > 0x7f) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
  }

  #byte(value) {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #room(more) {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
