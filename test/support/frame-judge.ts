import {
  ConnectErrorDetailCodes,
  readPairingConnectErrorDetails,
} from '@openclaw/gateway-protocol/connect-error-details';
import { ErrorCodes, readMissingScopeErrorDetails } from '@openclaw/gateway-protocol/gateway-error-details';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Entry } from './frame-ledger.ts';
import { OWN_CONNECT_CODES } from './wire-extensions.ts';
import { EVENT, EVENT_PAYLOADS, HELLO, RESPONSE, RESULTS } from './wire-forms.ts';

// biome-ignore lint/suspicious/noExplicitAny: a judge reads whatever the wire holds.
type Loose = any;

/** 2026.2.19 drops a whole frame for one unknown key at its top (PROTOCOL Appendix C). */
const TOP_KEYS: Readonly<Record<string, readonly string[]>> = {
  event: ['type', 'event', 'payload', 'seq', 'stateVersion'],
  res: ['type', 'id', 'ok', 'payload', 'error'],
};
const ERROR_KEYS = ['code', 'message', 'details', 'retryable', 'retryAfterMs'];
const ERROR_CODES: Readonly<Record<3 | 4, readonly string[]>> = {
  3: ['NOT_LINKED', 'NOT_PAIRED', 'AGENT_TIMEOUT', 'INVALID_REQUEST', 'UNAVAILABLE'],
  4: Object.values(ErrorCodes),
};
/** Sent before a hello says which events there are. */
const BEFORE_HELLO = ['connect.challenge', 'connect.pending'];
const LONGEST_SHOWN = 600;

const compiled = new Map<TSchema, ReturnType<typeof Compile>>();
let judged = 0;

/** How many frames were judged in this process, so that a test can see that some were. */
export function framesJudged(): number {
  return judged;
}

/** How a value differs from its form; `what` names it. */
export function against(schema: TSchema, value: unknown, what: string): readonly string[] {
  const check = compiled.get(schema) ?? Compile(schema);
  compiled.set(schema, check);
  if (check.Check(value)) return [];
  const errors = check.Errors(value).slice(0, 3);
  return errors.map(({ instancePath, message, params }) => {
    const more = 'additionalProperties' in params ? `: ${String(params.additionalProperties)}` : '';
    return `${what}${instancePath} ${message}${more}`;
  });
}

function unknownKeys(value: object, known: readonly string[], what: string): readonly string[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => `${what} has the key ${key}, for which 2026.2.19 drops the frame`);
}

function parsed(text: string): Loose {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Finding {
  readonly problem: string;
  /** The text, cut where it is long. */
  readonly frame: string;
}

interface Asked {
  readonly method: string;
  readonly protocols: readonly [number, number];
}

/** Holds what one client is sent against the protocol. Knows what it asked, because that says what an answer must be. */
export class ClientJudge {
  readonly #asked = new Map<string, Asked[]>();
  #protocol: 3 | 4 | null = null;
  #events: readonly string[] | null = null;

  /** What is wrong with a frame; nothing for what the client sent itself. */
  judge(text: string, way: Entry['way']): readonly Finding[] {
    if (way === 'sent') {
      this.#note(parsed(text));
      return [];
    }
    judged += 1;
    const frame = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
    return this.#problems(parsed(text)).map((problem) => ({ problem, frame }));
  }

  #note(frame: Loose): void {
    if (typeof frame?.id !== 'string') return;
    const method = typeof frame.method === 'string' ? frame.method : '';
    const { minProtocol, maxProtocol } = frame.params ?? {};
    this.#asked.set(frame.id, [
      ...(this.#asked.get(frame.id) ?? []),
      { method, protocols: [minProtocol, maxProtocol] },
    ]);
    if (method !== 'connect' || this.#events !== null) return;
    this.#protocol = maxProtocol === 3 ? 3 : 4;
  }

  #problems(frame: Loose): readonly string[] {
    if (typeof frame !== 'object' || frame === null) return ['not a JSON object'];
    const known = TOP_KEYS[frame.type];
    if (!known) return [`a frame of the type ${String(frame.type)}`];
    const top = unknownKeys(frame, known, 'the frame');
    if (frame.type === 'event') return [...top, ...against(EVENT, frame, 'event'), ...this.#event(frame)];
    const error = frame.error ? unknownKeys(frame.error, ERROR_KEYS, 'error') : [];
    return [...top, ...error, ...against(RESPONSE, frame, 'response'), ...this.#response(frame)];
  }

  #event({ event, payload }: Loose): readonly string[] {
    const isTold = this.#events?.includes(event) ?? BEFORE_HELLO.includes(event);
    const told = isTold ? [] : [`the event ${event} is not in features.events of hello`];
    const schema = EVENT_PAYLOADS[event];
    // An embedder's event is only in its hello.
    if (!schema) return told;
    return [...told, ...against(schema, payload, `payload of ${event}`)];
  }

  #response({ id, ok, payload, error }: Loose): readonly string[] {
    const asked = this.#asked.get(id)?.shift();
    if (!asked && id !== 'invalid') return [`an answer to ${id}, which nobody asked or which is answered`];
    if (ok) {
      if (error !== undefined) return ['an answer that is ok and has an error'];
      return asked?.method === 'connect' ? this.#hello(asked, payload) : this.#result(asked, payload);
    }
    if (payload !== undefined) return ['an answer that is not ok and has a payload'];
    if (!error) return ['an answer that is not ok and has no error'];
    return this.#error(error, asked?.method === 'connect');
  }

  #hello({ protocols: [least, most] }: Asked, payload: Loose): readonly string[] {
    const protocol: unknown = payload?.protocol;
    if (protocol !== 3 && protocol !== 4) return [`hello of the protocol ${String(protocol)}`];
    if (protocol < least || protocol > most) return [`hello of ${protocol}, asked for ${least} to ${most}`];
    this.#protocol = protocol;
    const { methods = [], events = [] } = payload.features ?? {};
    this.#events = events;
    const twice = [...methods, ...events].filter((name, at, all) => all.indexOf(name) !== at);
    return [
      ...twice.map((name) => `features names ${name} twice`),
      ...against(HELLO[protocol], payload, 'hello'),
    ];
  }

  #result(asked: Asked | undefined, payload: unknown): readonly string[] {
    const schema = RESULTS[asked?.method ?? ''];
    // An embedder's method is not of the protocol.
    return schema ? against(schema, payload, `result of ${asked?.method}`) : [];
  }

  #error(error: Loose, isConnect: boolean): readonly string[] {
    const protocol = this.#protocol ?? 4;
    const codes = ERROR_CODES[protocol];
    const wrong = codes.includes(error.code) ? [] : [`protocol ${protocol} has no error code ${error.code}`];
    return [...wrong, ...(isConnect ? refusalProblems(error) : this.#methodProblems(error, protocol))];
  }

  #methodProblems({ code, message, details }: Loose, protocol: 3 | 4): readonly string[] {
    if (/^missing scope: /.test(message)) {
      const must = protocol === 3 ? 'INVALID_REQUEST' : 'FORBIDDEN';
      const wrong = code === must ? [] : [`a missing scope is ${must} in protocol ${protocol}, not ${code}`];
      if (readMissingScopeErrorDetails(details)) return wrong;
      return [...wrong, 'the official reader finds no missing scope in details'];
    }
    const isPlain = /^(unknown method|unauthorized role): /.test(message);
    return isPlain && code !== 'INVALID_REQUEST' ? [`${message} is INVALID_REQUEST, not ${code}`] : [];
  }
}

/** What the official client reads of a refused connect must be what was sent (PROTOCOL 6.2). */
function refusalProblems({ code, details }: Loose): readonly string[] {
  const detail = details?.code;
  if (detail === undefined) return code === 'NOT_PAIRED' ? ['NOT_PAIRED without details.code'] : [];
  if (Object.hasOwn(OWN_CONNECT_CODES, detail)) return [];
  if (!Object.values(ConnectErrorDetailCodes).includes(detail)) {
    return [`the official client does not know details.code ${String(detail)}`];
  }
  const read = readPairingConnectErrorDetails(details);
  if (!read) return [];
  return (['requestId', 'remediationHint', 'recommendedNextStep', 'pauseReconnect', 'retryable'] as const)
    .filter((key) => details[key] !== undefined && read[key] !== details[key])
    .map((key) => `the official client reads details.${key} as ${String(read[key])}`);
}
