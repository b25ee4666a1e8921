/** The frames, as the package of the format reads them. */
import { createInspector } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { connectionMachine } from '../../machines/connection.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { live, pair, READ, WRITE, wait } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';
import { openInspected, PATIENCE, type SeenFrame } from './looking.ts';

const shapeOf = ({ type, event, snapshot }: SeenFrame): string =>
  `${type.slice('@xstate.'.length)} ${event?.type ?? ''} ${JSON.stringify(snapshot?.value ?? '')}`;

describe('what a viewer is sent of a connection that waits and is approved', () => {
  it('is every event and every state, in their order', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const { client, connectId, requestId } = await wait(house, {
      device: newDevice(),
      scopes: READ,
      mode: 'node',
    });
    await approve(house.owner, requestId);
    await client.response(connectId);
    const sessionId = await viewer.standing('connection', 'paired');
    await client.end();
    await viewer.until((frames) => frames.find(({ snapshot }) => snapshot?.status === 'stopped'));
    const frames = viewer.of(sessionId);
    const states = frames.flatMap(({ snapshot }) => (snapshot ? [JSON.stringify(snapshot.value)] : []));
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
      '"challenged"',
      '"proving"',
      '"authorizing"',
      '{"upgradePending":"held"}',
      '"approved"',
      '"paired"',
      '"closed"',
    ]);
    const told = (type: string) =>
      frames.filter((frame) => frame.type === type).map(({ event }) => event.type);
    const events = told('@xstate.event');
    expect([...new Set(events)]).toEqual([
      'connect.received',
      'proof.accepted',
      'record.read',
      'delivery.flushed',
      'socket.closed',
    ]);
    // Each event has led to a state; the last word is that the actor is gone.
    expect(told('@xstate.snapshot')).toEqual([...events, 'xstate.stop']);
  });

  it('says what is asked for, by whom, and what may be used', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const device = newDevice();
    await pair(house, device, READ);
    const sessionId = await viewer.standing('connection', 'paired');
    const { snapshot } = viewer.of(sessionId).findLast(({ snapshot }) => snapshot?.value === 'paired') ?? {};
    expect(snapshot).toEqual({
      status: 'active',
      value: 'paired',
      tags: ['authorized'],
      children: {},
      historyValue: {},
      context: {
        device: device.id.slice(0, 12),
        role: 'operator',
        client: 'cli',
        mode: 'node',
        manner: 'auto',
        commandLine: false,
        request: null,
        live: READ,
        generation: 1,
      },
    });
  });
});

describe('what a peer says of itself before its proof', () => {
  const claimed = (device: TestDevice) => ({
    device: device.id.slice(0, 12),
    role: 'operator',
    client: 'cli',
    mode: 'node',
  });

  it('is shown as claimed, and as known from its proof on', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const device = newDevice();
    await pair(house, device, READ);
    const sessionId = await viewer.standing('connection', 'paired');
    const contextIn = (state: string) =>
      viewer.of(sessionId).find(({ snapshot }) => snapshot?.value === state)?.snapshot.context;
    expect(contextIn('challenged')).not.toHaveProperty('claimed');
    expect(contextIn('proving').claimed).toEqual(claimed(device));
    expect(contextIn('proving')).not.toHaveProperty('device');
    expect(contextIn('authorizing')).toMatchObject(claimed(device));
    expect(contextIn('authorizing')).not.toHaveProperty('claimed');
  });

  it('stays a claim where the proof is refused', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const device = newDevice();
    const { client } = await house.connect({ device, scopes: READ, mode: 'node', auth: { token: 'wrong' } });
    const sessionId = await viewer.standing('connection', 'rejected');
    await client.end();
    const { context } = viewer.of(sessionId).findLast(({ snapshot }) => snapshot)?.snapshot ?? {};
    expect(context.claimed).toEqual(claimed(device));
    expect(context).not.toHaveProperty('device');
  });
});

describe('what a viewer is sent of the authority', () => {
  it('is each step of a device in a role, with the connection that asked for it', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: [...READ, ...WRITE] });
    const sessionId = await viewer.standing('authorization', 'upgradePending');
    expect(sessionId).toBe(`device-${device.id.slice(0, 12)}-operator`);
    const shapes = viewer.of(sessionId).map(shapeOf);
    expect(shapes).toEqual([
      'actor  "pairingPending"',
      'event access.requested ""',
      'snapshot access.requested "pairingPending"',
      'event request.approved ""',
      'snapshot request.approved "paired"',
      'event access.requested ""',
      'snapshot access.requested "upgradePending"',
    ]);
    const asked = viewer.of(sessionId).findLast(({ event }) => event?.type === 'access.requested');
    expect(asked?.event).toMatchObject({ wish: [...READ, ...WRITE], client: 'cli', mode: 'cli' });
    const source = viewer.of(sessionId).findLast(({ type }) => type === '@xstate.event')?.sourceId ?? '';
    expect(viewer.machineOf(source).id).toBe('connection');
    await client.end();
  });
});

describe('the format', () => {
  it('is that of the package, field by field', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    await pair(house, newDevice(), READ);
    const sessionId = await viewer.standing('connection', 'paired');
    const sent: SeenFrame[] = [];
    const keep = (frame: unknown) => sent.push(JSON.parse(JSON.stringify(frame)) as SeenFrame);
    // Our machines are deeper than it looks by itself.
    const theirs = createInspector({ send: keep }, { serializationDepthLimit: 20 });
    const actor = createActor(connectionMachine, { inspect: theirs.inspect });
    actor.start().send({ type: 'connect.received', manner: 'auto', commandLine: false });
    // It converts what it saw in timers of its own.
    await expect.poll(() => sent.length, PATIENCE).toBe(5);
    for (const type of ['@xstate.actor', '@xstate.event', '@xstate.snapshot']) {
      const [their] = sent.filter((frame) => frame.type === type).slice(-1);
      const our = viewer.of(sessionId).find((frame) => frame.type === type);
      expect(new Set(Object.keys(our ?? {})), type).toEqual(new Set(Object.keys(their ?? {})));
      expect(our?._version).toBe(their?._version);
      expect(typeof our?.createdAt).toBe(typeof their?.createdAt);
      expect(our?.id).toBe(their?.id);
      expect(new Set(Object.keys(our?.snapshot ?? {}))).toEqual(new Set(Object.keys(their?.snapshot ?? {})));
    }
    const [their] = sent;
    const definition = JSON.parse(their?.definition ?? '');
    expect(viewer.machineOf(sessionId)).toEqual(definition);
  });

  it('carries machines in which every state that is sent exists', async () => {
    const { house, look } = await openInspected();
    const viewer = await look();
    const device = newDevice();
    await pair(house, device, READ);
    const { client } = await live(house, { device, scopes: [...READ, ...WRITE] });
    await viewer.standing('connection', { upgradePending: 'serving' });
    const values = new Set<string>();
    for (const { sessionId, snapshot } of viewer.frames) {
      if (!snapshot) continue;
      const machine = createMachine(viewer.machineOf(sessionId));
      expect(machine.resolveState({ value: snapshot.value, context: {} }).value).toEqual(snapshot.value);
      values.add(JSON.stringify(snapshot.value));
    }
    expect(values).toContain('{"upgradePending":"serving"}');
    expect(values.size).toBeGreaterThan(7);
    await client.end();
  });
});
