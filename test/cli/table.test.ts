import { describe, expect, it } from 'vitest';
import type { DeviceList, PendingRow } from '../../src/authority/listing.ts';
import { listLines } from '../../src/cli/devices-list.ts';
import { table } from '../../src/cli/table.ts';
import { cells, wrapped } from '../../src/cli/width.ts';

const HEADINGS = ['Device', 'Peer', 'Says it is', 'Asks for'];
const ROWS = [
  ['43c0bd435c12', '192.0.2.7', '"laptop, cli, linux"', 'operator.read, operator.pairing, operator.write'],
  ['bc82058a90c7', '2001:db8::1', '"台所のタブレット, ios"', 'operator.admin'],
];

describe('cells', () => {
  it.each([
    ['abc', 3],
    ['台所', 4],
    ['ﾀﾌﾞ', 3],
    ['ｆｕｌｌ', 8],
    ['é', 1],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['한국어', 6],
    ['“…”', 3],
    ['', 0],
  ])('%s takes %d', (text, width) => {
    expect(cells(text)).toBe(width);
  });
});

describe('wrapping', () => {
  it('cuts at spaces, and inside a word only when the word is longer than a line', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('abcdefgh ij', 5)).toEqual(['abcde', 'fgh', 'ij']);
    expect(wrapped('', 5)).toEqual(['']);
    expect(wrapped('gateway-client/backend', 10)).toEqual(['gateway-', 'client/', 'backend']);
  });

  it('never cuts a wide character in half', () => {
    expect(wrapped('台所のタブ', 5)).toEqual(['台所', 'のタ', 'ブ']);
  });

  it('loses no character', () => {
    const text = 'operator.read, operator.pairing, operator.write';
    for (let width = 1; width <= 50; width++) {
      const lines = wrapped(text, width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      expect(Math.max(...lines.map(cells))).toBeLessThanOrEqual(width);
    }
  });
});

describe('a table', () => {
  it.each([60, 80, 200])('fits into %d columns with every word in it', (width) => {
    const lines = table(HEADINGS, ROWS, width);
    expect(Math.max(...lines.map(cells))).toBeLessThanOrEqual(width);
    const text = lines.join(' ');
    for (const word of [...HEADINGS, ...ROWS.flat()].flatMap((cell) => cell.split(' ')))
      expect(text).toContain(word);
  });

  it('has one line a row when there is room, and its columns stand under their headings', () => {
    const lines = table(HEADINGS, ROWS, 200);
    expect(lines).toHaveLength(3);
    const [head = '', first = '', second = ''] = lines;
    expect(first.indexOf('192.0.2.7')).toBe(head.indexOf('Peer'));
    // The wide text before it moves the last column by its extra cells, not by its characters.
    const before = second.slice(0, second.indexOf('operator.admin'));
    expect(cells(before)).toBe(cells(head.slice(0, head.indexOf('Asks for'))));
  });

  it('keeps words whole: commas wrap, identifiers do not', () => {
    const lines = table(HEADINGS, ROWS, 80);
    expect(lines.some((line) => line.includes('operator.pairing'))).toBe(true);
    expect(lines.length).toBeGreaterThan(3);
  });

  it('becomes blocks when not even the words fit', () => {
    const lines = table(HEADINGS, ROWS, 30);
    expect(lines[0]).toBe('Device:     43c0bd435c12');
    expect(lines).toContain('');
    expect(Math.max(...lines.map(cells))).toBeLessThanOrEqual(30);
  });

  it('takes more rows than a call takes arguments', () => {
    const many = Array.from({ length: 200_000 }, (_, row) => [`device-${row}`, 'x']);
    expect(table(['Device', 'Peer'], many, 80)).toHaveLength(200_001);
  });

  it('without rows has no lines', () => {
    expect(table(HEADINGS, [], 80)).toEqual([]);
  });
});

describe('the device list', () => {
  const row: PendingRow = {
    requestId: 'abcdefghijklmnop.r2',
    deviceId: '43c0bd435c12'.padEnd(64, '0'),
    publicKey: 'k',
    displayName: '台所のタブレット',
    platform: 'linux',
    clientId: 'gateway-client',
    clientMode: 'backend',
    remoteIp: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff',
    role: 'operator',
    roles: ['operator'],
    scopes: ['operator.pairing', 'operator.read'],
    silent: false,
    isRepair: true,
    ts: 0,
    revision: 2,
    missing: ['operator.pairing'],
    attempts: 12,
    expiresAtMs: 900_000,
    askedBy: {},
  };
  const list: DeviceList = { pending: [row], paired: [], declined: [] };

  it.each([60, 80, 200])('fits into %d columns, and the command to copy is on one line', (width) => {
    const lines = listLines(list, 60_000, width, (words) => `antechamber ${words}`);
    expect(Math.max(...lines.map(cells))).toBeLessThanOrEqual(width);
    expect(lines).toContain('    antechamber devices approve abcdefghijklmnop.r2');
  });

  it('puts the fingerprint and the address first, and quotes what the device says', () => {
    const lines = listLines(list, 60_000, 200, (words) => words);
    expect(lines[1]).toMatch(/^Device +Peer +Says it is +Role +Asks for +Since$/);
    expect(lines[2]).toMatch(
      /^43c0bd435c12 {2}2001:db8:\S+ {2}"台所のタブレット, gateway-client\/backend, linux" {2}operator {2}operator\.pairing {2}60s ago, tried 12x\+$/,
    );
  });
});
