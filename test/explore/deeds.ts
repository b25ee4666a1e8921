/** What happens to a device's record by somebody else than a connection: its owners, the device's own calls, time. */
import type { AuthorizationEvent, DeviceImported } from '../../machines/authorization-events.ts';
import { hasQuiet } from '../../machines/record.ts';
import { ROLES, type Role } from '../../machines/vocabulary.ts';
import { isPaired, roleOf } from '../../src/authority/device.ts';
import { isVisible } from '../../src/authority/device-decisions.ts';
import { REALM } from './connecting.ts';
import { type Device, type Due, documentOf, dueNow, GONE, heldOf, NOW, OPEN, termsOf } from './device.ts';
import type { Planned } from './steps.ts';
import { brief } from './words.ts';
import type { Verb, World } from './world.ts';

export interface Deed {
  readonly text: string;
  /** Whether an owner did it; time and the device itself do the others. */
  readonly byOwner: boolean;
  /** The events on the device as it stands, or undefined where nobody could do that. */
  plan(device: Device): { readonly device: Device; readonly events: readonly Planned[] } | undefined;
}

type Plan = (device: Device) => readonly Planned[] | undefined;
type Owner = Pick<DeviceImported, 'at' | 'by' | 'terms'>;

export function deedsOf(world: World): readonly Deed[] {
  const owner = { at: NOW, by: 'owner', terms: termsOf(world.revisions, world.episodes) };
  const has = (verb: Verb): boolean => world.verbs.includes(verb);
  return [
    ...world.roles.flatMap((role) => [
      ...decisionsOf(world, role, owner).filter(({ verb }) => has(verb)),
      ...rightsOf(world, role, owner).filter(({ verb }) => has(verb)),
    ]),
    ...everywhere(owner).filter(({ verb }) => has(verb)),
    ...(has('vain') ? world.roles.flatMap((role) => inVain(role, owner)) : []),
    ...withdrawals(world),
    ...timesOf(world),
  ];
}

type OwnersDeed = Deed & { readonly verb: Verb };

function deed(verb: Verb, text: string, plan: Plan): OwnersDeed {
  const planned: Deed['plan'] = (device) => {
    const events = plan(device);
    return events && { device, events };
  };
  return { verb, text, byOwner: true, plan: planned };
}

const asOf = ({ roles }: World, role: Role): string => (roles.length > 1 ? ` as ${role}` : '');

function decisionsOf(world: World, role: Role, owner: Owner): readonly OwnersDeed[] {
  const as = asOf(world, role);
  return Array.from({ length: world.revisions }, (_, index) => index + 1).flatMap((revision) => {
    const request = { id: OPEN, revision };
    const shown = (event: AuthorizationEvent): Plan => {
      return (device) => (revisionsOf(device, role) >= revision ? [{ role, event }] : undefined);
    };
    const approves = (scopes: readonly string[] | null): OwnersDeed =>
      deed(
        'approve',
        `approves ${scopes ? `${brief(scopes)} of ` : ''}r${revision}${as}`,
        shown({ ...owner, type: 'request.approved', request, scopes }),
      );
    const rejects = shown({ ...owner, type: 'request.rejected', request });
    return [...[null, ...world.parts].map(approves), deed('reject', `rejects r${revision}${as}`, rejects)];
  });
}

function rightsOf(world: World, role: Role, owner: Owner): readonly OwnersDeed[] {
  const as = asOf(world, role);
  const paired = (event: AuthorizationEvent): Plan => {
    return (device) => (isPaired(roleOf(documentOf(device), role)) ? [{ role, event }] : undefined);
  };
  const rotates = (scopes: readonly string[] | null): OwnersDeed => {
    const plan = paired({ ...owner, type: 'token.rotated', scopes });
    return deed('rotate', `rotates the token${scopes ? ` to ${brief(scopes)}` : ''}${as}`, (device) =>
      mayRotate(device, role, world) ? plan(device) : undefined,
    );
  };
  return [
    ...[null, ...world.rotations].map(rotates),
    deed('revoke', `revokes the device${as}`, (device) =>
      device[role] ? [{ role, event: { ...owner, type: 'grant.revoked' } }] : undefined,
    ),
    deed('reissue', `reissues its token${as}`, paired({ ...owner, type: 'token.reissued' })),
    ...importsOf(owner, world).map((event) => {
      const token = event.tokenHash === null ? '' : ' with its token';
      return deed('import', `imports it with ${brief(event.grant)}${token}${as}`, () => [{ role, event }]);
    }),
  ];
}

/** What concerns all roles that the device has, as src/authority/device-decisions.ts does it. */
function everywhere(owner: Owner): readonly OwnersDeed[] {
  const inAll = (device: Device, event: AuthorizationEvent): readonly Planned[] =>
    ROLES.filter((role) => device[role]).map((role) => ({ role, event }));
  return [
    deed('remove', 'removes the device', (device) => {
      const document = documentOf(device);
      const isThere = ROLES.some((role) => isVisible(document, role));
      return isThere ? inAll(device, { ...owner, type: 'device.removed' }) : undefined;
    }),
    deed('forgive', 'forgives it', (device) => {
      const isQuiet = ROLES.some((role) => hasQuiet(heldOf(device, role).kept.record));
      return isQuiet ? inAll(device, { ...owner, type: 'quiet.forgiven' }) : undefined;
    }),
  ];
}

function revisionsOf(device: Device, role: Role): number {
  return heldOf(device, role).kept.record.request?.revisions.length ?? 0;
}

function mayRotate(device: Device, role: Role, { generations }: World): boolean {
  const { current, floor } = heldOf(device, role).kept.record.tokens;
  return current - floor < generations;
}

/** What another gateway may know of the device: nothing or the wish of any program, its token there or none. */
function importsOf(owner: Owner, { programs }: World): readonly DeviceImported[] {
  const grants = programs.map(({ wish }) => wish as readonly string[]);
  return [[], ...grants].flatMap((grant) =>
    [null, 'hash'].map((tokenHash) => ({
      ...owner,
      type: 'device.imported',
      ceiling: grants.flat(),
      grant,
      tokenHash,
      epoch: REALM.epoch,
      fingerprint: `${grant} ${tokenHash}`,
      approvedAtMs: NOW,
    })),
  );
}

/** What comes too late, or was never there: the machine answers it, and nothing changes. */
function inVain(role: Role, owner: Owner): readonly Deed[] {
  const request = { id: GONE, revision: 1 };
  const events: readonly AuthorizationEvent[] = [
    { ...owner, type: 'request.approved', request, scopes: null },
    { ...owner, type: 'request.rejected', request },
    { type: 'request.withdrawn', request, at: NOW },
    { type: 'deadline.reached', at: NOW },
    { ...owner, type: 'quiet.forgiven' },
  ];
  const unpaired: readonly AuthorizationEvent[] = [
    { ...owner, type: 'token.rotated', scopes: null },
    { ...owner, type: 'token.reissued' },
  ];
  const tries = (event: AuthorizationEvent, applies: (device: Device) => boolean): Deed => ({
    text: `tries ${event.type} in vain`,
    byOwner: true,
    plan: (device) => (applies(device) ? { device, events: [{ role, event }] } : undefined),
  });
  return [
    ...events.map((event) =>
      tries(
        event,
        (device) => event.type !== 'quiet.forgiven' || !hasQuiet(heldOf(device, role).kept.record),
      ),
    ),
    ...unpaired.map((event) => tries(event, (device) => !isPaired(roleOf(documentOf(device), role)))),
  ];
}

/** The device takes its own request back (an RPC of a live session, or of another program with its key). */
function withdrawals({ roles, upgrades }: World): readonly Deed[] {
  if (upgrades.length === 0) return [];
  return roles.map((role) => ({
    text: 'the device withdraws its request',
    byOwner: false,
    plan: (device) => {
      if (revisionsOf(device, role) === 0) return undefined;
      const event = { type: 'request.withdrawn', request: { id: OPEN, revision: 1 }, at: NOW } as const;
      return { device, events: [{ role, event }] };
    },
  }));
}

const PASSING: Readonly<Record<Due, string>> = {
  request: 'the request expires',
  quiet: 'the quiet period ends',
  grace: 'the old token generations end',
  age: 'half of the lifetime of the request passes',
};

function timesOf(world: World): readonly Deed[] {
  return world.roles.flatMap((role) => {
    const as = world.roles.length > 1 ? ` as ${role}` : '';
    const passing = world.time.map((what) => ({
      text: `${PASSING[what]}${as}`,
      byOwner: false,
      plan: (device: Device) => whenDue(device, role, what),
    }));
    if (!world.time.includes('age')) return passing;
    const event = {
      type: 'request.attended',
      at: NOW,
      attempts: 0,
      terms: termsOf(world.revisions, world.episodes),
    } as const;
    const attended: Deed = {
      text: `the gateway attends its request${as}`,
      byOwner: false,
      plan: (device) => (revisionsOf(device, role) > 0 ? { device, events: [{ role, event }] } : undefined),
    };
    return [...passing, attended];
  });
}

function whenDue(device: Device, role: Role, what: Due): ReturnType<Deed['plan']> {
  const held = device[role];
  const record = held && dueNow(held.kept.record, what);
  if (!held || !record) return undefined;
  const due = { ...device, [role]: { ...held, kept: { state: held.kept.state, record } } };
  if (what === 'age') return { device: due, events: [] };
  return { device: due, events: [{ role, event: { type: 'deadline.reached', at: NOW } }] };
}
