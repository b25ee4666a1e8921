/** What joins the two machines is written twice, here without promises: every reading and every connect of a whole
 * world must come out as the authority's own. */
import { describe, expect, it } from 'vitest';
import { Authority, autoApprovePolicy } from '../../src/authority/authority.ts';
import { type DeviceRecord, deviceOf } from '../../src/authority/device.ts';
import { readFor } from '../../src/authority/reading.ts';
import type { DeviceRow, Json, Store, StoredEvent } from '../../src/store/store.ts';
import { accessOf, connect, REALM } from './connecting.ts';
import { type Device, documentOf, heldOf, NOW, plain, termsOf } from './device.ts';
import { lookFor, refOf, type Waits } from './look.ts';
import { programOf } from './moves.ts';
import { explore } from './search.ts';
import { SHIPPED, Stepper } from './ship.ts';
import { askerOf } from './slot.ts';
import { LOCAL, QUICK, TWO_ROLES, VERBS } from './worlds.ts';

/** A store of one row, with a history of one request. */
class OneRow {
  row: DeviceRow | undefined;
  events: readonly StoredEvent[] = [];

  load = async (): Promise<DeviceRow | undefined> => this.row;
  history = async (): Promise<readonly StoredEvent[]> => this.events;
  countState = async (): Promise<number> => 0;
  head = async (): Promise<number> => 0;
  save = async ({ deviceId, next, expectedRevision }: Parameters<Store['save']>[0]): Promise<number> => {
    this.row = next ? { ...next, deviceId, revision: expectedRevision + 1 } : undefined;
    return expectedRevision + 1;
  };

  hold(device: Device): void {
    const isKnown = Object.keys(device).length > 0;
    const document = documentOf(device);
    this.row = isKnown
      ? { deviceId: 'd', revision: 1, document: document as unknown as Json, states: {}, deadlineMs: null }
      : undefined;
  }
}

const rolesOf = (document: DeviceRecord | undefined): unknown =>
  Object.fromEntries(
    Object.entries(document?.roles ?? {}).map(([role, { state, record }]) => [
      role,
      { state, record: plain(record) },
    ]),
  );
const settled = (id: string, outcome: string | null, type: string): StoredEvent => ({
  seq: 1,
  deviceId: 'd',
  role: 'operator',
  atMs: 0,
  type,
  requestId: id,
  detail: { request: `${id}.r1`, outcome, by: null, scopesFrom: [], scopesTo: [] },
});

/** What the history says of the request that somebody waits for. */
function historyOf(waits: Waits, gave: boolean): readonly StoredEvent[] {
  const id = refOf(waits)?.id;
  if (id === undefined) return [];
  if (waits !== 'open') return [settled(id, waits, 'request.settled')];
  return gave ? [settled(id, null, 'request.approved')] : [];
}

const WORLDS = [VERBS, LOCAL, { ...QUICK, sockets: 1 }, { ...TWO_ROLES, sockets: 1 }];

describe.each(WORLDS)('in the world $name', (world) => {
  const { joint } = explore(world);
  const devices = joint.devices.values.slice(0, 200);

  it('every connect ends as the authority ends it', async () => {
    const store = new OneRow();
    const options = { clock: { now: () => NOW }, terms: termsOf(world.revisions, world.episodes) };
    const authority = new Authority({
      store: store as unknown as Store,
      realm: REALM,
      autoApprove: autoApprovePolicy(world.auto),
      ...options,
    });
    const stepper = new Stepper(SHIPPED);
    for (const device of devices) {
      for (const program of world.programs) {
        store.hold(device);
        const answer = await authority.access(accessOf(program, program.wish));
        const ours = connect(stepper, world, device, program, null);
        if (!ours.ok || !answer.ok) throw new Error('a shared secret is always good');
        expect(ours.asked.verdict).toBe(answer.verdict);
        const kept = store.row && rolesOf(deviceOf(store.row));
        expect(rolesOf(documentOf(ours.asked.next))).toEqual(kept ?? {});
      }
    }
    expect(devices.length).toBeGreaterThan(20);
  });

  it('every reading is the one that a connection gets', async () => {
    const store = new OneRow();
    const slots = joint.slots.values.filter(({ program }) => program >= 0);
    let readings = 0;
    for (const device of devices) {
      for (const slot of slots) {
        const asker = askerOf(slot, programOf(world, slot));
        const { gave, kept } = heldOf(device, asker.role);
        // Generations are counted otherwise here, which shows in a role that has no record; and who waits for an open
        // request waits for one that is there.
        if (!device[asker.role] || (asker.waits === 'open' && kept.record.request === null)) continue;
        store.events = historyOf(asker.waits, gave);
        const question = { ...asker, request: refOf(asker.waits) };
        const theirs = await readFor(store as unknown as Store, documentOf(device), question, NOW);
        expect(lookFor(device, asker)).toEqual(theirs);
        readings += 1;
      }
    }
    expect(readings).toBeGreaterThan(1_000);
  });
});
