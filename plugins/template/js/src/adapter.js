// Sound levels of noise monitors, one JSON document a message.
//
// An example to change. Nothing here may depend on anything but the
// configuration and the message: no clock, no randomness, no state.

import { adapter, ConfigurationFaults, Rejection } from '../sdk/lawgate.js';
import { JsonFault, read } from '../sdk/json.js';
import { dateTime, facts, finding, number } from '../sdk/values.js';

/** Command code (命令编码 CN) under which HJ 212 sends values of an interval. */
const commandOf = (seconds) => ({ 0: 2011, 3600: 2061, 86400: 2031 })[seconds] ?? 2051;

/** The schema's name of an index; an unknown one is kept, and the gateway says so. */
const FACTORS = { LAeq: 'Leq' };

const FLAGS = {
  N: 'DATA_FLAG_NORMAL',
  M: 'DATA_FLAG_MAINTENANCE',
  D: 'DATA_FLAG_FAULT',
  C: 'DATA_FLAG_CALIBRATION',
  T: 'DATA_FLAG_OVER_RANGE',
};

const exported = adapter({
  // As in adapter.toml.
  description: { id: 'my-feed', version: '0.1.0', feedKinds: ['my-feed'], schemaVersion: '1.0.0' },
  configure,
  convert,
});
export const describe = exported.describe;
const configureExport = exported.configure;
const convertExport = exported.convert;
export { configureExport as configure, convertExport as convert };

/** Reads configuration.json; reports every fault at once. */
function configure(bytes) {
  const faults = [];
  let root;
  try {
    root = read(bytes);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new ConfigurationFaults([{ path: '', text: `byte ${error.offset}: ${error.message}` }]);
  }
  if (root.kind !== 'object') throw new ConfigurationFaults([{ path: '', text: 'an object is expected' }]);
  for (const { name } of root.items) {
    if (name !== 'interval_s') faults.push({ path: name, text: 'unknown; known is interval_s' });
  }
  const stated = root.get('interval_s');
  const seconds = stated?.kind === 'number' ? Number(stated.text) : -1;
  const fits = seconds === 0 || (Number.isInteger(seconds) && seconds >= 60 && seconds <= 1800) || seconds === 3600 || seconds === 86400;
  if (!fits) faults.push({ path: 'interval_s', text: '0, 60 to 1800, 3600 or 86400 is expected' });
  if (faults.length > 0) throw new ConfigurationFaults(faults);
  return { intervalS: seconds };
}

/** Converts one message. */
function convert(configuration, message) {
  let root;
  try {
    root = read(message.payload);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new Rejection(error.code, error.offset, error.message);
  }
  const device = root.get('device');
  const values = root.get('values');
  if (device?.kind !== 'text' || values?.kind !== 'array' || values.items.length === 0) {
    throw new Rejection('my-feed.no-values', values?.start ?? 0, 'a device and at least one value are expected');
  }
  const findings = [];
  for (const item of root.items) {
    if (!['device', 'values'].includes(item.name)) {
      // What an observation has no place for is named, so that nothing is lost without a word.
      findings.push(unused(item, item.name));
    }
  }
  return {
    records: values.items.map((item) => record(configuration, device.text, item)),
    facts: facts(message.payload, 'my-feed', contentType(message)),
    findings,
  };
}

/** What the sender states about the message; empty when it states nothing. */
const contentType = (message) => message.attributes.find(({ name }) => name === 'content-type')?.value ?? '';

function record(configuration, mn, item) {
  const quality = [];
  const observation = {
    mn,
    cn: commandOf(configuration.intervalS),
    dataTime: time(item, quality),
    intervalS: configuration.intervalS,
    factor: FACTORS[item.get('index')?.text] ?? item.get('index')?.text ?? '',
    stat: 'STATISTIC_DATA',
    value: quantity(item, quality),
    flag: flag(item, quality),
  };
  for (const member of item.kind === 'object' ? item.items : []) {
    if (!['time', 'index', 'value', 'unit', 'flag'].includes(member.name)) quality.push(unused(member, member.name));
  }
  return { envelope: { quality, rawOffset: item.start, rawLength: item.length }, observation };
}

function time(item, quality) {
  const stated = item.get('time');
  const read = stated?.kind === 'text' ? dateTime(stated.text) : undefined;
  if (stated && !read) {
    const text = 'no date and time with offset (RFC 3339)';
    quality.push(finding('my-feed.time', 'observation.data_time', stated, text, { action: 'ACTION_DROPPED' }));
  }
  return read;
}

/** The value with the unit the sender states; nothing is guessed. */
function quantity(item, quality) {
  const stated = item.get('value');
  if (!stated) return undefined;
  const reading = number(stated.text);
  const odd = reading.finding('observation.value.value', stated);
  if (odd) quality.push(odd);
  const result = reading.value;
  if (!result) return undefined;
  const unit = item.get('unit');
  if (unit?.text === 'dB') {
    result.unit = 'dB';
    result.unitSource = 'UNIT_SOURCE_PACKET';
  } else if (unit) {
    const text = 'the unit is not known; the value stands without one';
    quality.push(finding('my-feed.unit', 'observation.value.unit', unit, text, { action: 'ACTION_DROPPED' }));
  }
  return result;
}

function flag(item, quality) {
  const stated = item.get('flag');
  if (!stated) return undefined;
  if (Object.hasOwn(FLAGS, stated.text)) return FLAGS[stated.text];
  quality.push(finding('my-feed.flag', 'observation.flag', stated, 'the flag is none of N, M, D, C, T'));
  return 'DATA_FLAG_OTHER';
}

function unused(node, name) {
  const more = { severity: 'SEVERITY_INFO', action: 'ACTION_DROPPED' };
  return finding('my-feed.unused', '', node, `${name} has no field in an observation`, more);
}
