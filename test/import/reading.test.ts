import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOfToken } from '../../src/authority/tokens.ts';
import { readOpenclaw } from '../../src/import/openclaw.ts';
import { newDevice } from '../protocol/device.ts';
import {
  emptyFolder,
  pairedRecord,
  RECORDED_MS,
  recordedDatabase,
  recordedFiles,
  writtenFiles,
} from './folders.ts';

const READ = 'operator.read';
const WRITE = 'operator.write';
const PAIR = 'operator.pairing';

async function only(folder: string) {
  const reading = await readOpenclaw(folder, RECORDED_MS);
  const [device] = reading.list.devices;
  if (!device) throw new Error('no device was read');
  return { ...reading, device, reasons: reading.leftOut.map(({ reason }) => reason) };
}

/** One line for each role and request, in an order of their own. */
async function briefly(folder: string): Promise<readonly string[]> {
  const { list } = await readOpenclaw(folder, RECORDED_MS);
  const roles = list.devices.flatMap(({ deviceId, approvedVia, roles: all }) =>
    all.map(({ role, grant, ceiling, tokenHash, revokedAtMs }) =>
      [
        deviceId.slice(0, 6),
        role,
        `${grant.join('+')} of ${ceiling.join('+')}`,
        tokenHash ? 'token' : 'no token',
        revokedAtMs ? 'revoked' : 'stands',
        approvedVia,
      ].join(' | '),
    ),
  );
  const asks = list.requests.map(
    ({ deviceId, role, wish, endsAtMs }) =>
      `${deviceId.slice(0, 6)} | ${role} | asks ${wish.join('+')} | ${endsAtMs - RECORDED_MS} ms left`,
  );
  return [...roles, ...asks].sort();
}

describe('what gateways really left', () => {
  it('2026.2.19: files', async () => {
    const folder = recordedFiles();
    expect(await briefly(folder)).toMatchInlineSnapshot(`
      [
        "3b9748 | operator | asks operator.approvals+operator.read | 297667 ms left",
        "3b9748 | operator | operator.read of operator.read | token | stands | ",
        "3cecfd | operator | asks operator.admin+operator.read | 297695 ms left",
        "5d0280 | operator | operator.admin+operator.approvals+operator.pairing of operator.admin+operator.approvals+operator.pairing | token | stands | ",
        "954ba1 | operator | operator.read of operator.read | token | stands | ",
        "b8786f | operator | operator.read+operator.write of operator.read+operator.write | token | revoked | ",
        "e6ec4a | node |  of  | token | stands | ",
        "e6ec4a | operator | operator.write of operator.write | token | stands | ",
        "f79c7a | node |  of  | token | stands | ",
      ]
    `);
    const { damage, leftOut, choice, path } = await readOpenclaw(folder, RECORDED_MS);
    expect({ damage, leftOut, choice, path }).toEqual({
      damage: [],
      leftOut: [],
      choice: null,
      path: join(folder, 'devices'),
    });
  });

  it('2026.9.6: a database', async () => {
    const folder = recordedDatabase();
    expect(await briefly(folder)).toMatchInlineSnapshot(`
      [
        "02252c | operator | operator.read+operator.write of operator.read+operator.write | token | revoked | silent",
        "2197ae | operator | operator.admin+operator.approvals+operator.pairing of operator.admin+operator.approvals+operator.pairing | token | stands | silent",
        "267d7c | node |  of  | token | stands | owner",
        "267d7c | operator | operator.write of operator.write | token | stands | owner",
        "41a722 | operator | operator.admin+operator.read of operator.admin+operator.read | token | stands | silent",
        "5d9c12 | node |  of  | token | stands | silent",
        "88a926 | node | asks  | 299272 ms left",
        "c0a611 | operator | operator.approvals+operator.read of operator.approvals+operator.read | token | stands | silent",
        "c45d17 | operator | operator.read of operator.read+operator.write | token | stands | silent",
      ]
    `);
    expect(await readOpenclaw(folder, RECORDED_MS)).toMatchObject({ damage: [], leftOut: [], choice: null });
  });

  it('no token of theirs is in what was read, only its hash', async () => {
    for (const folder of [recordedFiles(), recordedDatabase()]) {
      const reading = await readOpenclaw(folder, RECORDED_MS);
      expect(JSON.stringify(reading)).not.toContain('throw-away-token');
      const hash = hashOfToken('throw-away-token-of-laptop-operator-0000000');
      expect(JSON.stringify(reading.list)).toContain(hash);
    }
  });
});

describe('older and other shapes', () => {
  it('lists in the place of objects, and tokens as a list', async () => {
    const device = newDevice();
    const record = pairedRecord(device, [READ], 't'.repeat(43));
    const tokens = Object.values(record.tokens);
    const pending = { ...record, requestId: 'r-1', ts: RECORDED_MS, scopes: [WRITE] };
    const listed = await readOpenclaw(writtenFiles([{ ...record, tokens }], [pending]), RECORDED_MS);
    const filed = await readOpenclaw(writtenFiles({ [device.id]: record }, { 'r-1': pending }), RECORDED_MS);
    expect(listed.list).toEqual(filed.list);
    expect(filed.list.devices[0]?.roles).toHaveLength(1);
    expect(filed.list.requests).toHaveLength(1);
  });

  it('openclaw/openclaw#21236 #22193: a record without roles and scopes is what it has tokens for', async () => {
    const device = newDevice();
    const {
      role: _,
      roles: __,
      scopes: ___,
      ...legacy
    } = pairedRecord(device, [READ, WRITE], 't'.repeat(43));
    const { device: read, reasons } = await only(writtenFiles({ [device.id]: legacy }));
    expect(read.roles).toMatchObject([{ role: 'operator', ceiling: [READ, WRITE], grant: [READ, WRITE] }]);
    expect(reasons).toEqual([]);
  });

  it('openclaw/openclaw#25779: a role that is approved and has no token stands in 2026.2, and no role is named so', async () => {
    const device = newDevice();
    const paired = { ...pairedRecord(device, [], ''), role: 'node', roles: ['node'], tokens: null };
    expect((await only(writtenFiles({ [device.id]: paired }))).device.roles).toMatchObject([
      { role: 'node', tokenHash: null, revokedAtMs: null },
    ]);
    const roleless = { ...paired, role: null, roles: null };
    const { device: read, reasons } = await only(writtenFiles({ [device.id]: roleless }));
    expect(read.roles).toEqual([]);
    expect(reasons).toEqual(['it names no role']);
  });

  it('keys in PEM and in standard base64', async () => {
    const device = newDevice();
    const raw = Buffer.from(device.publicKey, 'base64url');
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    for (const publicKey of [pem, raw.toString('base64')]) {
      const record = { ...pairedRecord(device, [READ], 't'.repeat(43)), publicKey };
      expect((await only(writtenFiles({ [device.id]: record }))).device.publicKey).toBe(device.publicKey);
    }
  });

  it('what a device calls itself is escaped, and cut', async () => {
    const device = newDevice();
    const names = { displayName: 'a\u202eb\n', platform: 'x'.repeat(500) };
    const record = pairedRecord(device, [READ], 't'.repeat(43), names);
    const { profile } = (await only(writtenFiles({ [device.id]: record }))).device;
    expect(profile.displayName).toBe('a\\u{202e}b\\u{a}');
    expect(profile.platform?.length).toBe(128);
  });
});

describe('scopes', () => {
  const tokenOf = (id: string, scopes: readonly string[], more = {}) =>
    `UPDATE device_pairing_paired SET tokens_json = '${JSON.stringify({
      operator: { token: 't'.repeat(43), role: 'operator', scopes, ...more },
    })}' WHERE device_id = '${id}'`;
  const narrow = 'c45d175bbb25727ef4f3a862bac90831a799e48ff701364ceabfd20ea14e58ec';
  const roleOfNarrow = async (sql: string) => {
    const { list, leftOut } = await readOpenclaw(recordedDatabase(sql), RECORDED_MS);
    const device = list.devices.find(({ deviceId }) => deviceId === narrow);
    return { role: device?.roles[0], roles: device?.roles, leftOut };
  };

  it('a smaller token of 2026.9 was narrowed; one of 2026.2 only asked for less', async () => {
    expect((await roleOfNarrow('')).role).toMatchObject({ ceiling: [READ, WRITE], grant: [READ] });
    const device = newDevice();
    const record = pairedRecord(device, [READ, WRITE], 't'.repeat(43), {
      tokens: { operator: { token: 't'.repeat(43), role: 'operator', scopes: [READ] } },
    });
    const { device: read } = await only(writtenFiles({ [device.id]: record }));
    expect(read.roles).toMatchObject([{ ceiling: [READ, WRITE], grant: [READ, WRITE] }]);
  });

  it('a token that is stored with what it implies is not narrowed, and one beyond the baseline widens nothing', async () => {
    const sets = `UPDATE device_pairing_paired SET approved_scopes_json = '["${WRITE}"]' WHERE device_id = '${narrow}';`;
    expect((await roleOfNarrow(sets + tokenOf(narrow, [READ, WRITE]))).role).toMatchObject({
      ceiling: [WRITE],
      grant: [WRITE],
    });
    expect((await roleOfNarrow(sets + tokenOf(narrow, [READ, PAIR]))).role).toMatchObject({
      ceiling: [WRITE],
      grant: [READ],
    });
  });

  it('unknown scopes and roles are named and left out', async () => {
    const device = newDevice();
    const strange = ['operator.fly', 'a,b', READ];
    const record = pairedRecord(device, strange, 't'.repeat(43), { roles: ['operator', 'owner\u0007'] });
    const { device: read, reasons } = await only(writtenFiles({ [device.id]: record }));
    expect(read.roles).toMatchObject([{ role: 'operator', ceiling: [READ], grant: [READ] }]);
    expect(reasons).toEqual(['the unknown role owner\\u{7}', 'unknown scopes: operator.fly, a,b']);
  });

  it('what 2026.9 itself would not accept is named and left out', async () => {
    const issuer = { kind: 'shared-gateway-auth', generation: 'x' };
    const bound = await roleOfNarrow(tokenOf(narrow, [READ, WRITE], { issuer }));
    expect(bound.role).toMatchObject({ tokenHash: null, grant: [READ, WRITE] });
    expect(bound.leftOut.map(({ reason }) => reason)).toEqual([
      'the token of operator, which ends with the shared secret there',
    ]);
    const none = await roleOfNarrow(
      `UPDATE device_pairing_paired SET tokens_json = NULL WHERE device_id = '${narrow}'`,
    );
    expect(none.roles).toEqual([]);
    expect(none.leftOut).toHaveLength(1);
    const strange = { node: { token: 't'.repeat(43), role: 'node', scopes: [] } };
    const device = newDevice();
    const record = pairedRecord(device, [READ], '', { tokens: strange });
    const { device: read, reasons } = await only(writtenFiles({ [device.id]: record }));
    expect(read.roles).toMatchObject([{ role: 'operator', tokenHash: null }]);
    expect(reasons).toEqual(['a token for a role that is not approved there: node']);
  });
});

describe('which of two is read', () => {
  it('the database, and the files when it knows nobody', async () => {
    const both = recordedFiles(recordedDatabase());
    const reading = await readOpenclaw(both, RECORDED_MS);
    expect(reading.path).toBe(join(both, 'state', 'openclaw.sqlite'));
    expect(reading.choice).toMatch(
      /a gateway of 2026\.9 reads only this one, and not the older files in .*devices/,
    );
    const unused = recordedFiles(
      recordedDatabase('DELETE FROM device_pairing_paired; DELETE FROM device_pairing_pending'),
    );
    const files = await readOpenclaw(unused, RECORDED_MS);
    expect(files.path).toBe(join(unused, 'devices'));
    expect(files.choice).toBe('the openclaw.sqlite beside them knows no device');
    expect(files.list.devices).toHaveLength(6);
  });

  it('the folders inside the state folder are found, too', async () => {
    const folder = recordedDatabase();
    expect((await readOpenclaw(join(folder, 'state'), RECORDED_MS)).list.devices).toHaveLength(7);
    const older = recordedFiles();
    expect((await readOpenclaw(join(older, 'devices'), RECORDED_MS)).list.devices).toHaveLength(6);
    expect((await readOpenclaw(older, RECORDED_MS)).list.devices).toHaveLength(6);
  });

  it('none is said, with what would be there', async () => {
    const folder = emptyFolder();
    const missing = { name: 'SourceError', code: 'SOURCE_MISSING' };
    await expect(readOpenclaw(folder, 0)).rejects.toMatchObject({
      ...missing,
      message: expect.stringMatching(/neither devices\/paired\.json .* nor state\/openclaw\.sqlite/),
    });
    await expect(readOpenclaw(join(folder, 'gone'), 0)).rejects.toMatchObject({
      ...missing,
      message: expect.stringMatching(/^there is no folder /),
    });
  });
});
