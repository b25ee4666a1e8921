/** What looks on cannot harm what it looks at. */
import { describe, expect, it } from 'vitest';
import { newestRef, type OpenRequest } from '../../machines/record.ts';
import { formatRequestId } from '../../machines/vocabulary.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import type { ActorTap } from '../../src/inspect/actor-tap.ts';
import { openHouse, SHARED } from '../support/harness.ts';
import { live, openRequest, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice } from '../support/raw-client.ts';
import { openInspected, PATIENCE } from './looking.ts';

const fail = (): never => {
  throw new Error('a tap that is broken');
};

const BROKEN: readonly (readonly [string, ActorTap])[] = [
  ['when a socket is opened', { opened: fail }],
  ['at an event', { opened: () => ({ seen: fail, gone: () => {} }) }],
  ['in a promise', { opened: () => ({ seen: async () => fail(), gone: () => {} }) }],
  ['when a socket is gone', { opened: () => ({ seen: () => {}, gone: fail }) }],
];

describe('a tap that throws', () => {
  it.each(BROKEN)('%s, wedges no actor, and is logged once', async (_when, inspect) => {
    const house = await openHouse({ gateway: { inspect } });
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    expect(await approve(house.owner, requestId)).toMatchObject({ ok: true });
    expect(await client.response(connectId)).toMatchObject({ ok: true });
    await client.end();
    for (let again = 0; again < 3; again++) {
      const { client: next } = await live(house, { device, scopes: READ });
      expect(await next.request('health')).toMatchObject({ ok: true });
      await next.end();
    }
    await expect.poll(() => house.gateway.connections(), PATIENCE).toEqual({});
    expect(house.log.filter((line) => line.includes('a tap that is broken'))).toEqual([
      'the inspector threw Error: a tap that is broken',
    ]);
  });
});

const CALLBACKS: readonly (readonly [string, () => never | Promise<never>])[] = [
  ['throws', fail],
  ['rejects', async () => fail()],
];

describe('a callback of an embedder', () => {
  it.each(CALLBACKS)('that %s is logged, and changes nothing', async (_how, broken) => {
    const house = await openHouse({
      gateway: { onAuthorized: broken, onScopesChanged: broken, onEnded: broken },
      authority: { onStep: broken, onAudit: broken },
    });
    const device = newDevice();
    const { client, connectId, requestId } = await wait(house, { device, scopes: READ, mode: 'node' });
    expect(await approve(house.owner, requestId)).toMatchObject({ ok: true });
    expect(await client.response(connectId)).toMatchObject({ ok: true });
    const { client: wider } = await live(house, { device, scopes: [...READ, ...WRITE] });
    const open = (await openRequest(house, device.id)) as OpenRequest;
    expect(await approve(house.owner, formatRequestId(newestRef(open)))).toMatchObject({ ok: true });
    await wider.event('device.upgrade.resolved');
    expect(await wider.request('health')).toMatchObject({ ok: true });
    await Promise.all([client.end(), wider.end()]);
    await expect.poll(() => house.gateway.connections(), PATIENCE).toEqual({});
    const told = house.log.filter((line) => line.endsWith('threw Error: a tap that is broken'));
    expect(new Set(told.map((line) => line.split(' ')[0]))).toEqual(
      new Set(['onAudit', 'onStep', 'onAuthorized', 'onScopesChanged', 'onEnded']),
    );
  });

  it('that tells a log which is broken, too, does not make a stored decision look failed', async () => {
    const log = { info: fail, warn: fail, error: fail };
    const house = await openHouse({ authority: { onAudit: fail, onStep: fail, log } });
    const { requestId } = await wait(house, { device: newDevice(), scopes: READ, mode: 'node' });
    expect(await approve(house.owner, requestId)).toMatchObject({ ok: true });
  });
});

describe('an inspected connection', () => {
  it('sleeps while it waits, and is one actor all the same', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const device = newDevice();
    const ask = { device, scopes: READ, mode: 'node', clientId: 'node-host' };
    const { client, connectId, requestId } = await wait(house, ask);
    const sessionId = await viewer.standing('connection', { upgradePending: 'held' });
    // A second program of the device makes a wider revision: the first one wakes, and waits on.
    const wider = await house.client();
    await wider.sendConnect({ ...ask, scopes: [...READ, ...WRITE], auth: SHARED });
    const { payload } = await wider.event('connect.pending');
    expect(payload.requestId).not.toBe(requestId);
    await approve(house.owner, payload.requestId);
    expect(await client.response(connectId)).toMatchObject({ ok: true });
    await viewer.until(() => viewer.of(sessionId).some(({ snapshot }) => snapshot?.value === 'paired'));
    expect(viewer.of(sessionId).filter(({ type }) => type === '@xstate.actor')).toHaveLength(1);
    const events = new Set(viewer.of(sessionId).map(({ event }) => event?.type));
    // Nothing of its waking: neither named, nor as something that may not be.
    for (const type of ['xstate.init', 'unlisted']) expect(events).not.toContain(type);
  });
});
