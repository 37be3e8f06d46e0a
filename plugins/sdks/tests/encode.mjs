// The bytes of every golden conversion, as JavaScript encodes them, against those of Rust.
//
// `golden-bytes.txt` has the SHA-256 of each as prost encodes it. Run by `cargo xtask languages`.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from '../js/lawgate.js';
import { messages } from '../js/schema.js';
import { dateTime, decimal, facts, localTime, number, shift } from '../js/values.js';
import { JsonFault, read } from '../js/json.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
let failures = 0;
const check = (what, found, expected) => {
  if (found === expected) return;
  failures += 1;
  console.error(`${what}: ${found}, expected ${expected}`);
};

/** Canonical proto3 JSON as the kit takes it: bytes and long numbers are text there. */
function fromJson(name, value) {
  const made = {};
  for (const [key, held] of Object.entries(value)) {
    const [, , kind, label] = messages[name].find((field) => field[1] === key);
    const one = (item) => {
      if (kind.startsWith('m:')) return fromJson(kind.slice(2), item);
      if (kind === 'y') return new Uint8Array(Buffer.from(item, 'base64'));
      return kind === 'U' ? BigInt(item) : item;
    };
    if (label === '%') made[key] = held;
    else made[key] = label === '*' ? held.map(one) : one(held);
  }
  return made;
}

const lines = readFileSync(join(here, 'golden-bytes.txt'), 'utf8').trim().split('\n');
for (const line of lines) {
  const [digest, path] = line.split('  ');
  const golden = JSON.parse(readFileSync(join(root, path), 'utf8'));
  const bytes = encode('Conversion', fromJson('Conversion', golden.converted));
  check(path, createHash('sha256').update(bytes).digest('hex'), digest);
}

const shared = JSON.parse(readFileSync(join(here, 'values.json'), 'utf8'));
const same = (what, found, expected) => check(what, JSON.stringify(found), JSON.stringify(expected));
for (const [text, value, rule, severity, action] of shared.numbers) {
  const taken = number(text);
  const noted = taken.finding('f', undefined);
  const graded = noted ? [noted.severity.replace('SEVERITY_', ''), noted.action.replace('ACTION_', '')] : ['', ''];
  same(`number ${text}`, [taken.value?.value ?? null, taken.rule, ...graded], [value, rule, severity, action]);
}
for (const [text, expected] of shared.decimals) check(`decimal ${text}`, decimal(text) ?? null, expected);
for (const [text, power, expected] of shared.shifts) check(`shift ${text} ${power}`, shift(text, power) ?? null, expected);
const precisionOf = (time) => (time?.precision ?? '').replace('PRECISION_', '');
for (const [text, ...expected] of shared.times) {
  const taken = dateTime(text);
  same(`time ${text}`, [taken?.text ?? null, precisionOf(taken), taken?.offsetAssumed ?? false], [...expected, false]);
}
for (const [text, offset, ...expected] of shared.local) {
  const taken = localTime(text, offset);
  const found = [taken?.text ?? null, precisionOf(taken), taken?.offset ?? '', taken?.offsetAssumed ?? false];
  same(`local ${text} ${offset}`, found, expected[0] ? expected : [null, '', '', false]);
}
for (const [text, ...expected] of shared.json) {
  let found = ['', 0];
  try {
    read(new TextEncoder().encode(text));
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    found = [error.code, error.offset];
  }
  same(`json ${text}`, found, expected);
}
for (const [text, contentType, ...expected] of shared.facts) {
  const found = facts(new TextEncoder().encode(text), 'd', contentType);
  same(`facts ${text} ${contentType}`, [found.encodingDeclared, found.encodingUsed.replace('ENCODING_', '')], expected);
}

const refused = [{ nothing: 1 }, { facts: { dialect: 1 } }, { facts: { encodingUsed: 'ENCODING_X' } }, { records: [{ observation: { cn: -1 } }] }];
for (const wrong of refused) {
  let error = 'accepted';
  try {
    encode('Conversion', wrong);
  } catch (caught) {
    error = caught.constructor.name;
  }
  check(JSON.stringify(wrong), error, 'TypeError');
}
if (failures > 0 || lines.length < 10) process.exit(1);
console.log(`javascript: ${lines.length} conversions have the bytes of Rust`);
