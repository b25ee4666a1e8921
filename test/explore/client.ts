/** What a program does with a refusal, as its generation does (PROTOCOL section 7, CATALOGUE section 1). */
import type { Denial } from '../../machines/denial.ts';
import { wireDenial } from '../../src/protocol/denial.ts';
import { type Program, protocolOf } from './world.ts';

export interface Reaction {
  /** It does not come back by itself. */
  readonly stops: boolean;
  /** The answer says in as many words that it should come back. */
  readonly isToldToWait: boolean;
  /** It deletes the device token that it presented. */
  readonly forgets: boolean;
  /** What it was shown. */
  readonly saw: string;
}

/** On these 2026.9 stops until a person starts it again (PROTOCOL 7.2). */
const PAUSES: readonly string[] = [
  'AUTH_TOKEN_MISSING',
  'AUTH_BOOTSTRAP_TOKEN_INVALID',
  'AUTH_PASSWORD_MISSING',
  'AUTH_PASSWORD_MISMATCH',
  'AUTH_RATE_LIMITED',
  'AUTH_DEVICE_TOKEN_MISMATCH',
  'AUTH_SCOPE_MISMATCH',
  'AUTH_TOKEN_MISMATCH',
  'PAIRING_REQUIRED',
  'DEVICE_IDENTITY_REQUIRED',
];

/** `presented`: it showed the device's token. The bytes are those that the gateway sends. */
export function reactTo(program: Program, denial: Denial, presented: boolean): Reaction {
  const { error, close } = wireDenial(denial, {
    protocol: protocolOf(program),
    clientKind: program.commandLine ? 'cli' : 'other',
    commandLine: program.commandLine,
    deviceId: 'd',
  });
  const details = (error.details ?? {}) as Readonly<Record<string, unknown>>;
  const code = String(details.code ?? '');
  const saw = `${close.code} ${close.reason}`;
  const isToldToWait = details.pauseReconnect === false || details.recommendedNextStep === 'wait_then_retry';
  if (program.kind === '2026.2.19') {
    const forgets = presented && close.reason.includes('device token mismatch');
    return { stops: false, isToldToWait, forgets, saw };
  }
  // It reads no details: it comes back on every refusal, and lets go of a token that was refused in any way.
  if (program.kind === 'openclaw-node') return { stops: false, isToldToWait, forgets: presented, saw };
  return {
    isToldToWait,
    stops: PAUSES.includes(code) && !(code === 'PAIRING_REQUIRED' && isToldToWait),
    forgets: presented && code === 'AUTH_DEVICE_TOKEN_MISMATCH',
    saw,
  };
}
