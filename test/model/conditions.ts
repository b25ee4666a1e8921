import { newestRevision } from '../../machines/record.ts';
import type { DeviceDeeds } from './device-deeds.ts';

export const READ = 'operator.read';
/** What the socket under test signs: two scopes of which neither covers the other. */
export const WISH = ['operator.approvals', READ];
/** Asked for beyond the wish, by RPC or by another program, the first that nobody has asked for yet: none covers another. */
const BEYOND = [
  'operator.talk.secrets',
  'operator.questions',
  'operator.talk',
  'operator.sessions.write',
  'operator.pairing',
];

/** How a record can stand when a connection looks at it, in the words of DESIGN section 1. */
export type Condition =
  | 'covered'
  | 'partAndOpen'
  | 'partDeclined'
  | 'open'
  | 'wider'
  | 'declined'
  | 'revoked'
  | 'removed'
  | 'emptied'
  // Only for a session that was let in.
  | 'same'
  | 'approved'
  | 'rejected'
  | 'rotated'
  | 'mended';

/** A scope that is neither granted nor asked for nor declined. */
export async function beyond(deeds: DeviceDeeds): Promise<readonly string[]> {
  const { grant, quiet, request } = await deeds.record();
  const known = [...grant, ...Object.keys(quiet), ...(request ? newestRevision(request).scopes : [])];
  const fresh = BEYOND.find((scope) => !known.includes(scope));
  if (fresh === undefined) throw new Error('everything has been asked for');
  return [fresh];
}

type Deed = (deeds: DeviceDeeds) => Promise<void>;

/** Nothing is granted, nothing is declined, and the wish is asked for. */
const askAnew: Deed = async (deeds) => {
  const { state, record } = await deeds.stored();
  if (state === 'pairingPending' && record.request) return;
  if (state !== 'unpaired') await deeds.remove();
  await deeds.forgive();
  await deeds.ask(WISH);
};

const grantWish: Deed = async (deeds) => {
  await deeds.forgive();
  await deeds.ask(WISH);
  if ((await deeds.record()).request) await deeds.approve();
};

/** The read is granted; the rest is declined, if it was asked for. */
const grantRead: Deed = async (deeds) => {
  const { ceiling, request } = await deeds.record();
  if (ceiling.length > 0 && !request) return deeds.rotate([READ]);
  await askAnew(deeds);
  await deeds.approve([READ]);
};

/** How each condition comes about, by real decisions, from wherever the record stands. */
export const BRING_ABOUT: Readonly<Record<Condition, Deed>> = {
  covered: async (deeds) => {
    const { grant } = await deeds.record();
    if (grant.length < WISH.length) await grantWish(deeds);
  },
  partAndOpen: async (deeds) => {
    await grantRead(deeds);
    await deeds.forgive();
    await deeds.ask(WISH);
  },
  partDeclined: async (deeds) => {
    const { grant, request } = await deeds.record();
    if (!(grant.length === 1 && request)) await grantRead(deeds);
    await deeds.ask(WISH);
    if ((await deeds.record()).request) await deeds.reject();
  },
  open: askAnew,
  wider: async (deeds) => deeds.ask([...WISH, ...(await beyond(deeds))]),
  declined: async (deeds) => {
    await askAnew(deeds);
    await deeds.reject();
  },
  revoked: async (deeds) => {
    if ((await deeds.record()).grant.length === 0) await grantWish(deeds);
    await deeds.revoke();
  },
  removed: async (deeds) => {
    if ((await deeds.stored()).state === 'unpaired') await askAnew(deeds);
    await deeds.remove();
  },
  emptied: async (deeds) => {
    await grantWish(deeds);
    await deeds.rotate([]);
  },
  same: (deeds) => deeds.touch(),
  approved: async (deeds) => {
    if (!(await deeds.record()).request) return grantWish(deeds);
    await deeds.approve();
  },
  rejected: (deeds) => deeds.reject(),
  rotated: (deeds) => deeds.rotate(),
  mended: (deeds) => deeds.mendGrantAway(),
};
