// Air quality measurements of one sensor, as the OpenAQ API returns them. See README.md.

import { adapter, ConfigurationFaults, Rejection } from '../sdk/lawgate.js';
import { JsonFault, read } from '../sdk/json.js';
import { dateTime, facts, finding, number } from '../sdk/values.js';

/** Factors of HJ 524. */
const FACTORS = { pm25: 'a34004', pm10: 'a34002', so2: 'a21026', no2: 'a21004', o3: 'a05024', co: 'a21005' };

const UNITS = { 'mg/m³': 'mg/m3', 'µg/m³': 'ug/m3' };

/** Members of a result that are read, or say nothing about the value. */
const KNOWN = ['value', 'flagInfo', 'parameter', 'period', 'summary', 'coverage'];

const DROPPED = { action: 'ACTION_DROPPED' };

const parts = adapter({
  description: { id: 'openaq', version: '0.1.0', feedKinds: ['openaq'], schemaVersion: '1.0.0' },
  configure: settings,
  convert: conversion,
});
export const describe = parts.describe;
export const configure = parts.configure;
export const convert = parts.convert;

function settings(bytes) {
  let root;
  try {
    root = read(bytes);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new ConfigurationFaults([{ path: '', text: `byte ${error.offset}: ${error.message}` }]);
  }
  const faults = root.items
    .filter((item) => item.name !== 'mn')
    .map((item) => ({ path: item.name, text: 'unknown; known is mn' }));
  const mn = root.get('mn');
  if (mn?.kind !== 'text' || mn.text === '') faults.push({ path: 'mn', text: 'the device number is expected' });
  if (faults.length > 0) throw new ConfigurationFaults(faults);
  return mn.text;
}

function conversion(mn, message) {
  let root;
  try {
    root = read(message.payload);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new Rejection(error.code, error.offset, error.message);
  }
  const results = root.get('results');
  // An empty list is an answer, and becomes a conversion without records.
  if (results?.kind !== 'array') {
    throw new Rejection('openaq.no-results', results?.start ?? 0, 'a list of results is expected');
  }
  return {
    records: results.items.map((item) => record(mn, item)),
    facts: facts(message.payload, 'openaq-v3', contentType(message)),
  };
}

/** What the sender states about the message; empty when it states nothing. */
const contentType = (message) => message.attributes.find(({ name }) => name === 'content-type')?.value ?? '';

function record(mn, item) {
  const quality = [];
  const say = (rule, field, place, text, more) => quality.push(finding(rule, field, place, text, more));
  const seconds = interval(item.at('period', 'interval'), say);
  const name = item.at('parameter', 'name')?.text ?? '';
  const observation = {
    mn,
    cn: { 3600: 2061, 86400: 2031 }[seconds] ?? 2051,
    dataTime: time(item.at('period', 'datetimeFrom', 'local'), say),
    intervalS: seconds,
    factor: FACTORS[name] ?? name,
    stat: 'STATISTIC_AVG',
    value: quantity(item.get('value'), item.at('parameter', 'units'), quality, say),
    flag: flag(item.at('flagInfo', 'hasFlags'), say),
  };
  for (const member of item.kind === 'object' ? item.items : []) {
    if (KNOWN.includes(member.name) || member.kind === 'null') continue;
    const more = { severity: 'SEVERITY_INFO', ...DROPPED };
    say('openaq.unused', '', member, `${member.name} has no field in an observation`, more);
  }
  return { envelope: { quality, rawOffset: item.start, rawLength: item.length }, observation };
}

/** Seconds of `hh:mm:ss`; 0 when it is none. */
function interval(stated, say) {
  const written = /^([0-9]{2}):([0-9]{2}):([0-9]{2})$/.exec(stated?.text ?? '');
  if (written) return Number(written[1]) * 3600 + Number(written[2]) * 60 + Number(written[3]);
  say('openaq.interval', 'observation.interval_s', stated, 'the interval is not hh:mm:ss', DROPPED);
  return 0;
}

function time(stated, say) {
  const read = dateTime(stated?.text ?? '');
  if (!read) say('openaq.time', 'observation.data_time', stated, 'no local date and time with offset', DROPPED);
  return read;
}

function quantity(stated, unit, quality, say) {
  if (!['number', 'text'].includes(stated?.kind)) {
    say('openaq.value', 'observation.value.value', stated, 'the value is no number', DROPPED);
    return undefined;
  }
  const reading = number(stated.text);
  const odd = reading.finding('observation.value.value', stated);
  if (odd) quality.push(odd);
  const made = reading.value;
  if (!made) return undefined;
  if (made.value.startsWith('-')) {
    say('openaq.negative', 'observation.value.value', stated, 'a concentration below zero');
  }
  if (Object.hasOwn(UNITS, unit?.text ?? '')) {
    made.unit = UNITS[unit.text];
    made.unitSource = 'UNIT_SOURCE_PACKET';
  } else {
    const text = 'the unit is not known; the value stands without one';
    say('openaq.unit', 'observation.value.unit', unit, text, DROPPED);
  }
  return made;
}

function flag(stated, say) {
  if (stated?.kind !== 'true') return 'DATA_FLAG_NORMAL';
  say('openaq.flagged', 'observation.flag', stated, 'OpenAQ flagged the value and does not say why here');
  return 'DATA_FLAG_OTHER';
}
