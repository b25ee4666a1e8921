import type { Listed, Wanted } from './owner.ts';
import type { Rng } from './rng.ts';

type Row = Listed['paired'][number];

/** What an owner who looks at this list might decide next; undefined for nothing. */
export function somethingOf(rng: Rng, list: Listed): Wanted | undefined {
  if (list.pending.length > 0 && rng.chance(0.75)) return onRequest(rng, list);
  const row = list.paired.length > 0 ? rng.pick(list.paired) : undefined;
  return row && onDevice(rng, row, list);
}

function onRequest(rng: Rng, { pending }: Listed): Wanted {
  const { requestId, scopes } = rng.pick(pending);
  const [id = '', revision = '1'] = requestId.split('.r');
  // The screen may show an older revision.
  const named = rng.chance(0.15) ? `${id}.r${Math.max(1, Number(revision) - 1)}` : requestId;
  const part = rng.some(scopes);
  return rng.weighted<Wanted>([
    [6, { method: 'device.pair.approve', params: { requestId: named } }],
    [part.length > 0 ? 3 : 0, { method: 'device.pair.approve', params: { requestId: named, scopes: part } }],
    [2, { method: 'device.pair.reject', params: { requestId: named } }],
  ]);
}

function onDevice(rng: Rng, { deviceId, roles, scopes }: Row, { declined }: Listed): Wanted {
  const role = roles.length > 0 ? rng.pick(roles) : 'operator';
  const forgiven = declined.length > 0 ? rng.pick(declined).deviceId : deviceId;
  return rng.weighted<Wanted>([
    [3, { method: 'device.token.rotate', params: { deviceId, role } }],
    [3, { method: 'device.token.rotate', params: { deviceId, role, scopes: rng.some(scopes) } }],
    [2, { method: 'device.token.revoke', params: { deviceId, role } }],
    [1, { method: 'device.pair.remove', params: { deviceId } }],
    [2, { method: 'device.quiet.forgive', params: { deviceId: forgiven } }],
    [1, { method: 'device.pair.rename', params: { deviceId, label: 'renamed' } }],
    [1, { method: 'device.token.reissue', params: { deviceId, role } }],
    [1, { method: 'status', params: {} }],
  ]);
}

/** What an owner decides who wants everybody in: all that is asked for, and no quiet period. */
export function everythingOf({ pending, declined }: Listed): readonly Wanted[] {
  return [
    ...declined.map(({ deviceId }) => ({ method: 'device.quiet.forgive', params: { deviceId } })),
    ...pending.map(({ requestId }) => ({ method: 'device.pair.approve', params: { requestId } })),
  ];
}
