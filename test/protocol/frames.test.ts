import { describe, expect, it } from 'vitest';
import * as faults from '../../src/protocol/faults.ts';
import { closeReason, errorFrame, eventFrame, okFrame, parseFrame } from '../../src/protocol/frames.ts';

function nested(depth: number): string {
  return `{"type":"req","id":"1","method":"m","params":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
}

describe('parseFrame', () => {
  it('reads a request and ignores fields that it does not know', () => {
    const text = '{"type":"req","id":"1:u","method":"health","params":{"a":[1]},"traceparent":"00-1","x":{}}';
    expect(parseFrame(text)).toEqual({
      kind: 'request',
      id: '1:u',
      method: 'health',
      params: { a: [1] },
    });
  });

  it('leaves params undefined when there are none', () => {
    const frame = parseFrame('{"type":"req","id":"1","method":"health"}');
    expect(frame).toEqual({ kind: 'request', id: '1', method: 'health', params: undefined });
  });

  it.each(['', 'hello', '{"type":"req"', '{"a":"\\', '\u0000', '[[[['])(
    'says that %j is not JSON',
    (text) => {
      expect(parseFrame(text)).toEqual({ kind: 'fault', id: 'invalid', fault: faults.NOT_JSON });
    },
  );

  it.each([
    ['null', 'invalid'],
    ['[]', 'invalid'],
    ['"req"', 'invalid'],
    ['{}', 'invalid'],
    ['{"type":"req","id":"","method":"m"}', 'invalid'],
    ['{"type":"req","id":7,"method":"m"}', 'invalid'],
    [`{"type":"req","id":"${'i'.repeat(257)}","method":"m"}`, 'invalid'],
    ['{"type":"event","id":"1","method":"m"}', '1'],
    ['{"type":"req","id":"1"}', '1'],
    ['{"type":"req","id":"1","method":""}', '1'],
    [`{"type":"req","id":"1","method":"${'m'.repeat(129)}"}`, '1'],
    ['{"__proto__":{"type":"req","method":"m"},"id":"1"}', '1'],
  ])('says that %s is no request, and answers to %s', (text, id) => {
    expect(parseFrame(text)).toEqual({ kind: 'fault', id, fault: faults.INVALID_FRAME });
  });

  it('takes an id of 256 and a method of 128 characters', () => {
    const text = JSON.stringify({ type: 'req', id: 'i'.repeat(256), method: 'm'.repeat(128) });
    expect(parseFrame(text).kind).toBe('request');
  });

  it('counts nesting, the frame included, and not the brackets inside strings', () => {
    expect(parseFrame(nested(64)).kind).toBe('request');
    expect(parseFrame(nested(65))).toMatchObject({ fault: faults.NESTED_TOO_DEEPLY });
    expect(parseFrame(nested(3), { maxDepth: 3 }).kind).toBe('request');
    expect(parseFrame(nested(4), { maxDepth: 3 })).toMatchObject({ fault: faults.NESTED_TOO_DEEPLY });
    const inStrings = JSON.stringify({ type: 'req', id: '1', method: 'm', params: ['[{"\\[['.repeat(100)] });
    expect(parseFrame(inStrings, { maxDepth: 2 }).kind).toBe('request');
    const wide = JSON.stringify({ type: 'req', id: '1', method: 'm', params: Array(200).fill([]) });
    expect(parseFrame(wide, { maxDepth: 3 }).kind).toBe('request');
    expect(parseFrame(wide, { maxDepth: 2 })).toMatchObject({ fault: faults.NESTED_TOO_DEEPLY });
  });
});

describe('outgoing frames', () => {
  it('hold exactly the keys that 2026.2.19 allows', () => {
    expect(okFrame('1', { a: 1 })).toBe('{"type":"res","id":"1","ok":true,"payload":{"a":1}}');
    expect(okFrame('1')).toBe('{"type":"res","id":"1","ok":true}');
    expect(eventFrame('tick', { ts: 1 })).toBe('{"type":"event","event":"tick","payload":{"ts":1}}');
    expect(eventFrame('device.pair.changed')).toBe('{"type":"event","event":"device.pair.changed"}');
    expect(errorFrame('1', { code: 'C', message: 'm' })).toBe(
      '{"type":"res","id":"1","ok":false,"error":{"code":"C","message":"m"}}',
    );
  });

  it('leave out keys of an error that no client knows', () => {
    const error = { code: 'C', message: 'm', details: { a: 1 }, retryable: true, cause: 'x', stack: 'y' };
    expect(JSON.parse(errorFrame('1', error))).toEqual({
      type: 'res',
      id: '1',
      ok: false,
      error: { code: 'C', message: 'm', details: { a: 1 }, retryable: true },
    });
  });

  it.each([
    [1.2, 2],
    [-5, 0],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])('write a retryAfterMs of %d so that clients keep the frame', (given, written) => {
    const frame = JSON.parse(errorFrame('1', { code: 'C', message: 'm', retryAfterMs: given }));
    expect(frame.error.retryAfterMs).toBe(written);
  });
});

describe('closeReason', () => {
  it('cuts at 120 bytes between characters', () => {
    expect(closeReason('a'.repeat(121))).toBe('a'.repeat(120));
    expect(closeReason('é'.repeat(61))).toBe('é'.repeat(60));
    expect(closeReason(`${'a'.repeat(119)}é`)).toBe('a'.repeat(119));
    expect(closeReason(`${'a'.repeat(117)}😀`)).toBe('a'.repeat(117));
    expect(closeReason(`${'a'.repeat(116)}😀`)).toBe(`${'a'.repeat(116)}😀`);
    expect(closeReason('abc', 2)).toBe('ab');
  });

  it('counts a lone surrogate as what is sent in its place', () => {
    expect(Buffer.byteLength(closeReason('\ud800'.repeat(60)))).toBe(120);
    expect(closeReason('\ud800')).toBe('\ufffd');
  });
});

describe('faults', () => {
  it('are the literals of PROTOCOL 1.3, and every silent one gives a reason', () => {
    const silent = [
      faults.NOT_JSON,
      faults.NESTED_TOO_DEEPLY,
      faults.INVALID_FRAME,
      faults.TOO_MANY_PENDING,
      faults.HANDSHAKE_TIMEOUT,
    ];
    expect(silent.map(({ wire, close }) => [wire, close.code, close.reason])).toEqual([
      [null, 1008, 'invalid request frame: not JSON'],
      [null, 1008, 'invalid request frame: nested too deeply'],
      [null, 1008, 'invalid request frame'],
      [null, 1008, 'too many pending handshake frames'],
      [null, 1008, 'handshake timeout'],
    ]);
    expect(faults.NOT_CONNECT_FIRST).toEqual({
      wire: { code: 'INVALID_REQUEST', message: 'invalid handshake: first request must be connect' },
      close: { code: 1008, reason: 'invalid handshake: first request must be connect' },
    });
    expect(faults.SECOND_CONNECT.message).toBe('connect is only valid as the first request');
  });

  it('become an error response after hello', () => {
    expect(faults.errorAfterHello(faults.NOT_JSON)).toEqual({
      code: 'INVALID_REQUEST',
      message: 'invalid request frame: not JSON',
    });
    expect(faults.errorAfterHello(faults.NOT_CONNECT_FIRST)).toBe(faults.NOT_CONNECT_FIRST.wire);
  });
});
