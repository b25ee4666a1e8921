import { shouldPauseGatewayReconnect } from '@openclaw/gateway-client/browser';
import { ResponseFrameSchema } from '@openclaw/gateway-protocol';
import {
  classifyGatewayConnectFailure,
  formatConnectErrorMessage,
  readPairingConnectErrorDetails,
} from '@openclaw/gateway-protocol/connect-error-details';
import { isGatewayResponseFrame } from '@openclaw/gateway-protocol/frame-guards';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import type { Denial } from '../../machines/denial.ts';
import { type ClientKind, clientKindOf, type Peer, wireDenial } from '../../src/protocol/denial.ts';
import { errorFrame } from '../../src/protocol/frames.ts';
import { reasonWithId } from '../../src/protocol/refusal.ts';
import { DEVICE_ID, EVERY_DENIAL, nameOf, REQUEST, REQUEST_ID, STANDING } from './denials.ts';

const KINDS: readonly ClientKind[] = ['cli', 'local-cli', 'control-ui', 'ui', 'other'];
const PEERS: readonly Peer[] = KINDS.flatMap((clientKind) =>
  ([3, 4] as const).flatMap((protocol) => [
    { protocol, clientKind },
    { protocol, clientKind, deviceId: DEVICE_ID },
    { protocol, clientKind, deviceId: DEVICE_ID, commandLine: true },
  ]),
);
const CASES = EVERY_DENIAL.flatMap((denial) => PEERS.map((peer) => ({ denial, peer })));
const CLI: Peer = { protocol: 4, clientKind: 'cli', deviceId: DEVICE_ID };

function detailsOf(denial: Denial, peer: Peer = CLI): Record<string, unknown> {
  return (wireDenial(denial, peer).error.details ?? {}) as Record<string, unknown>;
}

/** What one generation is told. */
function tableForm(denial: Denial, protocol: 3 | 4): string {
  const { error, close } = wireDenial(denial, { protocol, clientKind: 'local-cli', deviceId: DEVICE_ID });
  const { code = '-', reason = '-', remediationHint } = (error.details ?? {}) as Record<string, unknown>;
  return [
    `  ${error.code} | ${code} | ${reason} | retryable=${error.retryable ?? '-'} after=${error.retryAfterMs ?? '-'}`,
    `  message ${error.message}`,
    ...(remediationHint ? [`  hint    ${remediationHint}`] : []),
    `  close   ${close.code} ${close.reason}`,
  ].join('\n');
}

/**
 * One block per denial, or two where the generations are told differently, and what the official client of protocol 4
 * does then; that of protocol 3 always comes back.
 */
function tableRow(denial: Denial): string {
  const [older, newer] = [tableForm(denial, 3), tableForm(denial, 4)];
  const pauses = shouldPauseGatewayReconnect({ details: detailsOf(denial), tokenMismatchIsTerminal: true });
  const { code } = detailsOf(denial, { ...CLI, commandLine: true });
  const instead = code === detailsOf(denial).code ? '' : `; a command line is told ${code}`;
  const then = `  protocol 4 client ${pauses ? 'pauses' : 'comes back'}${instead}`;
  const name = nameOf(denial);
  if (older === newer) return `${name}\n${newer}\n${then}`;
  return `${name}, protocol 3\n${older}\n${name}, protocol 4\n${newer}\n${then}`;
}

describe('the table', () => {
  it('reads as in denial-table.txt', async () => {
    const table = `${EVERY_DENIAL.map(tableRow).join('\n')}\n`;
    await expect(table).toMatchFileSnapshot('denial-table.txt');
  });

  it('gives every denial a response that the official validators take', () => {
    const frame = Compile(ResponseFrameSchema);
    for (const { denial, peer } of CASES) {
      const sent = JSON.parse(errorFrame('1', wireDenial(denial, peer).error));
      expect(isGatewayResponseFrame(sent), nameOf(denial)).toBe(true);
      expect(frame.Errors(sent), nameOf(denial)).toEqual([]);
    }
  });

  it('keeps every close reason within 120 bytes and every id in it whole', () => {
    for (const { denial, peer } of CASES) {
      const { close } = wireDenial(denial, peer);
      expect(Buffer.byteLength(close.reason), nameOf(denial)).toBeLessThanOrEqual(120);
      expect(close.reason.length).toBeGreaterThan(0);
      const id = 'request' in denial && denial.request ? REQUEST_ID : undefined;
      expect(/\(requestId: ([^\s)]+)\)$/.exec(close.reason)?.[1], nameOf(denial)).toBe(id);
    }
  });
});

describe('reasonWithId', () => {
  it('shortens the text and never the id', () => {
    const reason = reasonWithId(`pairing required: ${'é'.repeat(100)}`, REQUEST_ID);
    expect(reason).toMatch(/^pairing required: é+ \(requestId: abcdefghijklmnop\.r99\)$/);
    expect(Buffer.byteLength(reason)).toBeGreaterThanOrEqual(119);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(120);
    expect(reasonWithId('short', null)).toBe('short');
  });
});

describe('texts that clients act on (PROTOCOL 6.2)', () => {
  const pairing = ['PAIRING_REQUIRED', 'DECLINED', 'REVOKED', 'REQUEST_ENDED'];
  const allowed: Readonly<Record<string, (denial: Denial, peer: Peer) => boolean>> = {
    'device pairing required': () => false,
    'role upgrade pending approval': () => false,
    'scope upgrade pending approval': () => false,
    'device metadata change pending approval': () => false,
    'pairing required': ({ code }) => pairing.includes(code),
    'device identity required': ({ code }, { clientKind }) =>
      code === 'DEVICE_REQUIRED' && clientKind !== 'control-ui',
    'scope mismatch': () => false,
    'too many failed authentication attempts': ({ code }) => code === 'RATE_LIMITED',
    'device token mismatch': (denial) => 'problem' in denial && denial.problem === 'device-token-invalid',
    'gateway token mismatch': (denial) => 'problem' in denial && denial.problem === 'token-mismatch',
    'protocol mismatch': () => false,
    'gateway starting': () => false,
  };

  it.each(Object.keys(allowed))('"%s" stands where it is meant and nowhere else', (text) => {
    for (const { denial, peer } of CASES) {
      const { error, close } = wireDenial(denial, peer);
      const meant = allowed[text]?.(denial, peer) ?? false;
      expect(error.message.toLowerCase().includes(text), nameOf(denial)).toBe(meant);
      expect(close.reason.toLowerCase().includes(text), nameOf(denial)).toBe(meant);
      const hint = String(error.details?.remediationHint ?? '');
      expect(hint.toLowerCase().includes(text), nameOf(denial)).toBe(false);
    }
  });
});

const SETTLED = ['DECLINED', 'REVOKED', 'REQUEST_ENDED'];

describe('pairing required', () => {
  const open = {
    code: 'PAIRING_REQUIRED',
    reason: 'scope-upgrade',
    request: REQUEST,
    standing: STANDING,
  } as const;

  it('tells a client that may wait to come back', () => {
    expect(wireDenial({ ...open, wait: true }, CLI).error).toEqual({
      code: 'NOT_PAIRED',
      message: 'pairing required: device is asking for more scopes than currently approved',
      retryable: true,
      details: {
        code: 'PAIRING_REQUIRED',
        reason: 'scope-upgrade',
        requestId: REQUEST_ID,
        remediationHint:
          'Review the requested scopes, then approve the pending upgrade: ' +
          `antechamber devices approve ${REQUEST_ID} (or: openclaw devices approve ${REQUEST_ID})`,
        recommendedNextStep: 'wait_then_retry',
        retryable: true,
        pauseReconnect: false,
        deviceId: DEVICE_ID,
        requestedRole: 'operator',
        requestedScopes: ['operator.admin', 'operator.read'],
        approvedRoles: ['operator'],
        approvedScopes: ['operator.read'],
      },
    });
  });

  it('tells the others to pause', () => {
    const { error } = wireDenial({ ...open, wait: false }, CLI);
    expect(error.retryable).toBe(false);
    expect(error.details).toMatchObject({ retryable: false, pauseReconnect: true });
    expect(error.details).not.toHaveProperty('recommendedNextStep');
  });

  it('names no id and no device where there is none', () => {
    const details = detailsOf({ ...open, request: null, wait: true }, { protocol: 3, clientKind: 'cli' });
    expect(details).not.toHaveProperty('requestId');
    expect(details).not.toHaveProperty('deviceId');
  });

  it('is read by the official client as what it is, and no settled outcome as "pending approval" (I6)', () => {
    const waiting = detailsOf({ ...open, wait: true });
    expect(readPairingConnectErrorDetails(waiting)).toEqual(waiting);
    const told = (denial: Denial) => {
      const { error } = wireDenial(denial, CLI);
      return formatConnectErrorMessage({ message: error.message, details: error.details });
    };
    expect(told({ ...open, wait: true })).toBe(`scope upgrade pending approval (requestId: ${REQUEST_ID})`);
    const settled = EVERY_DENIAL.filter(({ code }) =>
      ['DECLINED', 'REVOKED', 'REQUEST_ENDED'].includes(code),
    );
    expect(settled).toHaveLength(9);
    for (const denial of settled) expect(told(denial), nameOf(denial)).not.toContain('pending approval');
  });

  it('is shown by the official command line as it was worded, when it is settled', () => {
    const peer = { ...CLI, commandLine: true };
    for (const denial of EVERY_DENIAL.filter(({ code }) => SETTLED.includes(code))) {
      const { error } = wireDenial(denial, peer);
      expect(formatConnectErrorMessage({ message: error.message, details: error.details })).toBe(
        error.message,
      );
    }
  });

  it('makes the official client pause after a no, and come back after an end that nobody decided', () => {
    const pauses = EVERY_DENIAL.filter(
      ({ code }) => code !== 'CREDENTIAL_INVALID' && code !== 'PROOF_INVALID',
    ).filter((denial) => shouldPauseGatewayReconnect({ details: detailsOf(denial) }));
    expect(new Set(pauses.map(nameOf))).toEqual(
      new Set(
        EVERY_DENIAL.filter(
          (denial) =>
            ['DECLINED', 'REVOKED', 'RATE_LIMITED', 'DEVICE_REQUIRED'].includes(denial.code) ||
            (denial.code === 'PAIRING_REQUIRED' && !denial.wait),
        ).map(nameOf),
      ),
    );
  });

  it('tells each settled outcome as itself', () => {
    const outcomes = EVERY_DENIAL.filter(({ code }) =>
      ['DECLINED', 'REVOKED', 'REQUEST_ENDED'].includes(code),
    ).map((denial) => [detailsOf(denial).outcome, wireDenial(denial, CLI).error.message]);
    const messages = new Map(outcomes as [string, string][]);
    expect([...messages.keys()].sort()).toEqual([
      'expired',
      'narrowed',
      'rejected',
      'removed',
      'revoked',
      'superseded',
      'withdrawn',
    ]);
    expect(new Set(messages.values()).size).toBe(messages.size);
    expect(detailsOf({ code: 'REVOKED', quietUntilMs: 5, standing: STANDING })).toMatchObject({
      quietUntilMs: 5,
      pauseReconnect: true,
    });
  });

  it('survives a quiet period that no date can name', () => {
    for (const quietUntilMs of [Number.POSITIVE_INFINITY, Number.NaN, 9e15]) {
      const denial = {
        code: 'DECLINED',
        outcome: 'rejected',
        request: null,
        quietUntilMs,
        standing: STANDING,
      } as const;
      expect(wireDenial(denial, CLI).error.message).toContain('no effect for now');
    }
  });
});

describe('credentials', () => {
  const denied = (problem: Extract<Denial, { code: 'CREDENTIAL_INVALID' }>['problem'], peer: Peer = CLI) =>
    wireDenial({ code: 'CREDENTIAL_INVALID', problem }, peer);

  it('answers as the recorded 2026.9.6 gateway does to a wrong token', () => {
    expect(denied('token-mismatch', { protocol: 4, clientKind: 'local-cli' })).toEqual({
      error: {
        code: 'INVALID_REQUEST',
        message:
          "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)",
        details: {
          code: 'AUTH_TOKEN_MISMATCH',
          authReason: 'token_mismatch',
          canRetryWithDeviceToken: false,
          recommendedNextStep: 'update_auth_credentials',
        },
      },
      close: {
        code: 1008,
        reason:
          "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)",
      },
    });
  });

  it('offers the device token only to a client that showed a device', () => {
    expect(denied('token-mismatch').error.details).toMatchObject({
      canRetryWithDeviceToken: true,
      recommendedNextStep: 'retry_with_device_token',
    });
    expect(denied('token-missing').error.details).toMatchObject({ canRetryWithDeviceToken: false });
  });

  it('makes no client delete a token that was only superseded', () => {
    const { error, close } = denied('device-token-expired');
    expect(error.details).toMatchObject({ code: 'AUTH_UNAUTHORIZED', authReason: 'device_token_expired' });
    expect(error.message).toContain(`antechamber devices reissue ${DEVICE_ID}`);
    expect(close.reason).toContain('superseded');
    const failure = classifyGatewayConnectFailure({
      message: error.message,
      reason: close.reason,
      details: error.details,
    });
    expect(failure.kind).toBe('auth-rejected');
    expect(failure.remediation).toBeUndefined();
  });

  it('words the hint for the client', () => {
    expect(denied('token-missing', { protocol: 3, clientKind: 'local-cli' }).error.message).toBe(
      'unauthorized: gateway token missing (set gateway.remote.token to match gateway.auth.token)',
    );
    expect(denied('token-missing', { protocol: 3, clientKind: 'ui' }).error.message).toContain(
      'dashboard URL',
    );
    expect(denied('password-mismatch', { protocol: 4, clientKind: 'other' }).error.message).toBe(
      'unauthorized: gateway password mismatch (provide gateway auth password)',
    );
  });

  it('knows the kinds of client', () => {
    const kind = (id: string, mode: string, local = false) => clientKindOf({ id, mode }, local);
    expect(kind('cli', 'cli')).toBe('cli');
    expect(kind('cli', 'probe', true)).toBe('local-cli');
    expect(kind('openclaw-control-ui', 'webchat', true)).toBe('control-ui');
    expect(kind('webchat-ui', 'webchat')).toBe('ui');
    expect(kind('openclaw-macos', 'ui')).toBe('ui');
    expect(kind('gateway-client', 'backend', true)).toBe('other');
  });
});
