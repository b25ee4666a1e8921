/** `devices approve <id>` for every pair of what a device has and what it asks for. */
import { mkdirSync } from 'node:fs';
import type { Gateway } from './gateways.ts';
import { Owner, Visitor } from './people.ts';
import { Terminal, type Trip } from './travel.ts';

export interface Approval {
  readonly approved: readonly string[];
  readonly wished: string;
  /** The exit code of the published command. */
  readonly code: number | null;
  /** Whether the device gets in with its wish afterwards. */
  readonly isIn: boolean;
  readonly said: string;
}

const SCOPES = ['read', 'write', 'approvals', 'pairing', 'admin'].map((name) => `operator.${name}`);
const APPROVED = [[], ...SCOPES.filter((scope) => scope !== 'operator.admin').map((scope) => [scope])];

/** Those in which something is missing; write holds read (PROTOCOL 5.1). */
export const PAIRS = [...APPROVED, ['operator.read', 'operator.write']].flatMap((approved) =>
  SCOPES.filter((wished) => !approved.includes(wished))
    .filter((wished) => !(wished === 'operator.read' && approved.includes('operator.write')))
    .map((wished) => ({ approved, wished })),
);

async function enter(
  gateway: Gateway,
  trip: Trip,
  owner: Owner,
  scopes: readonly string[],
): Promise<Visitor> {
  const visitor = new Visitor();
  if (scopes.length === 0) return visitor;
  await visitor.ask(gateway, trip.release, scopes);
  const requestId = await owner.requestOf(visitor.device.id);
  if (requestId) await owner.approve(requestId);
  return visitor;
}

/** One command for each pair, by the person on the gateway's own computer, each for a device that is new. */
export async function approveAll(trip: Trip): Promise<readonly Approval[]> {
  const { gateway, release, home } = trip;
  mkdirSync(home, { recursive: true });
  const terminal = await Terminal.open(trip, { place: 'local', credential: 'secret' });
  const owner = await Owner.arrive(gateway, release);
  const approvals: Approval[] = [];
  try {
    for (const { approved, wished } of PAIRS) {
      const visitor = await enter(gateway, trip, owner, approved);
      await visitor.ask(gateway, release, [wished]);
      const requestId = await owner.requestOf(visitor.device.id);
      const { code, out, err } = await terminal.run(`devices approve ${requestId}`);
      const given = await visitor.ask(gateway, release, [wished]);
      approvals.push({ approved, wished, code, isIn: given?.includes(wished) === true, said: out + err });
    }
  } finally {
    await owner.leave();
    await terminal.close();
  }
  return approvals;
}
