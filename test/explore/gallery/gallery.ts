/** The gallery: each known bug with its story, and the world in which what ships is explored for the same. */
import { exploreCrowd } from '../crowd.ts';
import { livenessOf } from '../liveness.ts';
import { MUTANTS } from '../mutants.ts';
import { explore } from '../search.ts';
import { program, type World, wishOf } from '../world.ts';
import { LIVING, QUICK } from '../worlds.ts';
import * as old from './old-rules.ts';
import { bugIn, type Small } from './small.ts';

export interface Exhibit {
  readonly issue: string;
  readonly bug: string;
  /** The story of the bug; undefined when the explorer does not find it. */
  find(): readonly string[] | undefined;
  /** The same in what ships: the invariants that break, which is none. */
  shipped(): Promise<readonly string[]>;
}

const known = new Map<string, Promise<readonly string[]>>();

/** What breaks in a world of what ships; each world is explored once. */
function inWorld(world: World): () => Promise<readonly string[]> {
  return () => {
    const found = known.get(world.name) ?? Promise.resolve(brokenIn(world));
    known.set(world.name, found);
    return found;
  };
}

function brokenIn(world: World): readonly string[] {
  const explored = explore(world);
  const live = world.keeps ? livenessOf(explored).violations : [];
  return [...explored.violations, ...live].map(({ invariant }) => invariant);
}

function ofOld<S>(issue: string, bug: string, model: Small<S>, world: World): Exhibit {
  return { issue, bug, find: () => bugIn(model), shipped: inWorld(world) };
}

const BUNDLES: World = {
  ...QUICK,
  name: 'bundles',
  sockets: 1,
  programs: [program('backend', wishOf('operator.read')), program('cli', wishOf('operator.admin'))],
  rotations: [['operator.admin']],
};
const TOKENS: World = {
  ...QUICK,
  name: 'tokens',
  sockets: 1,
  programs: QUICK.programs.map((one) => ({ ...one, usesToken: true })),
};
const LIVE = LIVING[1] as World;

/** R10 switched off in the joint model itself. */
function lostWakeUp(): readonly string[] | undefined {
  const mutant = MUTANTS.find(({ rule }) => rule === 'R10');
  if (!mutant) return undefined;
  const { violations } = explore(mutant.world, { ship: mutant.ship, until: mutant.breaks });
  const found = violations.find(({ invariant }) => invariant.startsWith(mutant.breaks));
  return found && [...found.story, `wrong: ${found.invariant}`];
}

const crowd = async (): Promise<readonly string[]> =>
  (await exploreCrowd(2)).violations.map(({ invariant }) => invariant);

export const GALLERY: readonly Exhibit[] = [
  ofOld(
    '#21688',
    'pairing required on every reconnect, though the device is an admin',
    old.scopeLoop,
    BUNDLES,
  ),
  ofOld('#72006', 'an owner approves more than was shown', old.unionMerge, QUICK),
  ofOld('#98145', 'the id that an owner copied is unknown', old.idChurn, QUICK),
  ofOld('#82590', 'a node waits for ever after it was approved', old.pausedNode, LIVE),
  ofOld('#101872', 'an approval kills the only credential', old.mintedToken, TOKENS),
  {
    issue: 'lost wake-up',
    bug: 'a decision falls between the reading and the waiting',
    find: lostWakeUp,
    shipped: inWorld(QUICK),
  },
  ofOld('slow_down', 'a client that comes back too early is never answered', old.slowDown, LIVE),
  {
    issue: 'global cap',
    bug: 'strangers put out a device that waits',
    find: () => bugIn(old.globalCap),
    shipped: crowd,
  },
];

export function told({ issue, bug, find }: Exhibit): readonly string[] {
  const story = find();
  return [`${issue}: ${bug}`, ...(story ?? ['(not found)']).map((line, index) => `  ${index + 1}. ${line}`)];
}
