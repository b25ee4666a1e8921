/** What people do with the published command lines, as data. */
import type { Manner } from './home.ts';
import type { Generation } from './releases.ts';

/**
 * One thing that happens. In a command `{own}` is the device of the command line, `{a}` that of a visitor, and
 * `{request:a}` the newest request of it.
 */
export type Deed =
  | {
      /** The words after `openclaw`. */
      readonly cli: string;
      /** What our gateway must make of it: `works` is exit code 0, anything else is what the command must say. */
      readonly ours?: 'works' | RegExp;
    }
  /** A device from elsewhere asks for scopes and goes. */
  | { readonly visit: string; readonly scopes: readonly string[] }
  /** The owner decides on the open request of a device, if it has one. */
  | { readonly owner: 'approve' | 'reject'; readonly of: string }
  /** The person changes how the command line reaches the gateway. */
  | { readonly manner: Manner };

export interface Journey {
  readonly name: string;
  readonly generation: Generation;
  readonly manner: Manner;
  readonly deeds: readonly Deed[];
}

const cli = (words: string, ours: 'works' | RegExp = 'works'): Deed => ({ cli: words, ours });
const visit = (who: string, ...scopes: readonly string[]): Deed => ({ visit: who, scopes });
const approveOwn: Deed = { owner: 'approve', of: 'own' };

const LOCAL: Manner = { place: 'local', credential: 'secret' };
const REMOTE: Manner = { place: 'remote', credential: 'secret' };

const LOOKING: readonly Deed[] = [
  cli('health'),
  cli('health --json'),
  cli('status'),
  cli('status --json'),
  cli('gateway probe'),
  cli('gateway call health'),
];

/** Everything that an owner does with the devices of others. */
function managing(generation: Generation): readonly Deed[] {
  const isOld = generation === '2026.2.19';
  const unknown = '00000000-0000-4000-8000-000000000000';
  return [
    visit('a', 'operator.read'),
    cli('devices list'),
    cli('devices list --json'),
    cli('devices approve {request:a}'),
    visit('a', 'operator.read', 'operator.write'),
    // The newer one only shows what it would approve, and ends with 1.
    cli('devices approve --latest', isOld ? 'works' : /devices approve [a-z2-7]{16}\.r1/),
    ...(isOld ? [] : [cli('devices approve {request:a} --json')]),
    visit('b', 'operator.read'),
    cli('devices reject {request:b}'),
    cli('devices rotate --device {a} --role operator'),
    cli('devices rotate --device {a} --role operator --scope operator.read'),
    ...(isOld ? [] : [cli('devices rename --device {a} --name kitchen')]),
    cli('devices revoke --device {a} --role operator'),
    cli('devices list --json'),
    cli('devices remove {a}'),
    cli('devices list'),
    cli(`devices approve ${unknown}`, /unknown|No pending/),
    cli(`devices reject ${unknown}`, /unknown|No pending/),
    cli('devices remove {a}', /unknown deviceId/),
  ];
}

/** A person on the gateway's own computer. */
function local(generation: Generation): Journey {
  const deeds = [cli('devices list'), cli('health'), approveOwn, ...LOOKING, ...managing(generation)];
  return { name: 'local, shared secret', generation, manner: LOCAL, deeds };
}

/**
 * How a device comes to all that a person may do. 2026.2.19 asks for it at once. 2026.9.6 makes its device for some
 * commands only, `cron list` among them, and asks for everything when it does not know the method.
 */
function pairing(generation: Generation, place: Manner['place']): readonly Deed[] {
  if (generation === '2026.2.19') {
    return [
      cli('devices list', place === 'local' ? 'works' : /pairing required/),
      approveOwn,
      cli('devices list'),
    ];
  }
  const absent = /unknown method/;
  return [
    cli('cron list', place === 'local' ? absent : /pairing required/),
    approveOwn,
    cli('cron list', absent),
    // It is let in with what it has, and its request for the rest is open.
    cli('gateway call antechamber.absent', absent),
    approveOwn,
    cli('gateway call antechamber.absent', absent),
  ];
}

/** The same person on another computer, whose device an owner has to approve. */
function remote(generation: Generation): Journey {
  const deeds = [
    ...pairing(generation, 'remote'),
    cli('health'),
    approveOwn,
    ...LOOKING,
    ...managing(generation),
  ];
  return { name: 'remote, shared secret', generation, manner: REMOTE, deeds };
}

/** With the secret on the gateway's own computer 2026.9.6 shows no device, so that without it there is nothing left. */
const NOTHING_LEFT = /requires credentials before opening|has no token\/password or paired device token/;

/** A device that is paired, on a computer whose settings hold no secret. */
function tokenOnly(generation: Generation, place: Manner['place']): Journey {
  const outcome = generation === '2026.9.6' && place === 'local' ? NOTHING_LEFT : 'works';
  const deeds = [
    ...pairing(generation, place),
    { manner: { place, credential: 'device' } } as const,
    cli('devices list', outcome),
    ...LOOKING.map((deed) =>
      'cli' in deed && !/status|probe/.test(deed.cli) ? cli(deed.cli, outcome) : deed,
    ),
    visit('a', 'operator.read'),
    cli('devices approve {request:a}', outcome),
  ];
  return { name: `${place}, device token only`, generation, manner: { place, credential: 'secret' }, deeds };
}

const GENERATIONS: readonly Generation[] = ['2026.2.19', '2026.9.6'];

export const JOURNEYS: readonly Journey[] = GENERATIONS.flatMap((generation) => [
  local(generation),
  remote(generation),
  tokenOnly(generation, 'local'),
  tokenOnly(generation, 'remote'),
]);
