import type { Role } from '../../machines/vocabulary.ts';
import type { Explanation } from '../authority/explaining.ts';
import type { DeviceList, PairedRow, PendingRow } from '../authority/listing.ts';
import type { Past } from '../authority/past.ts';
import type { NoticeTrouble } from '../notices/notice-memo.ts';
import type { Approved, Gate, HistoryRow, WatchRow } from './gate.ts';
import type { GatewayLink } from './gateway-link.ts';

/** What a gateway answers to `device.pair.list`; another gateway than ours knows less of a row. */
interface ListAnswer {
  readonly pending?: readonly PendingRow[];
  readonly paired?: readonly PairedRow[];
  readonly declined?: DeviceList['declined'];
}

/** Works through a gateway, with the shared secret and without a device. */
export class RpcGate implements Gate {
  readonly where: string;
  readonly #link: GatewayLink;

  constructor(link: GatewayLink) {
    this.where = link.url;
    this.#link = link;
  }

  async list(): Promise<DeviceList> {
    const {
      pending = [],
      paired = [],
      declined = [],
    } = await this.#link.call<ListAnswer>('device.pair.list', {});
    return { pending: pending.map(completed), paired: paired.map(completedPaired), declined };
  }

  async approve(requestId: string, scopes: readonly string[] | null): Promise<Approved> {
    const params = scopes === null ? { requestId } : { requestId, scopes };
    const answer = await this.#link.call<{ device?: { deviceId?: string } }>('device.pair.approve', params);
    return { requestId, deviceId: answer.device?.deviceId ?? '' };
  }

  async reject(requestId: string): Promise<Approved> {
    const { deviceId = '' } = await this.#link.call<{ deviceId?: string }>('device.pair.reject', {
      requestId,
    });
    return { requestId, deviceId };
  }

  async remove(deviceId: string): Promise<void> {
    await this.#link.call('device.pair.remove', { deviceId });
  }

  async rename(deviceId: string, label: string): Promise<void> {
    await this.#link.call('device.pair.rename', { deviceId, label });
  }

  async rotate(deviceId: string, role: Role, scopes: readonly string[] | null): Promise<readonly string[]> {
    const params = scopes === null ? { deviceId, role } : { deviceId, role, scopes };
    const answer = await this.#link.call<{ scopes?: readonly string[] }>('device.token.rotate', params);
    return answer.scopes ?? [];
  }

  async revoke(deviceId: string, role: Role): Promise<void> {
    await this.#link.call('device.token.revoke', { deviceId, role });
  }

  async forgive(deviceId: string): Promise<boolean> {
    const answer = await this.#link.call<{ forgiven?: boolean }>('device.quiet.forgive', { deviceId });
    return answer.forgiven ?? true;
  }

  async reissue(deviceId: string, role: Role): Promise<void> {
    await this.#link.call('device.token.reissue', { deviceId, role });
  }

  async history(deviceId: string, limit: number): Promise<readonly HistoryRow[]> {
    const params = { deviceId, limit };
    const { events = [] } = await this.#link.call<{ events?: readonly HistoryRow[] }>(
      'device.history',
      params,
    );
    return events;
  }

  async explain(deviceId: string, wish: readonly string[] | null): ReturnType<Gate['explain']> {
    const params = wish === null ? { deviceId } : { deviceId, scopes: wish };
    const answer = await this.#link.call<{ explanation: Explanation | null }>('device.explain', params);
    return answer.explanation;
  }

  async at(deviceId: string, atMs: number): ReturnType<Gate['at']> {
    const { past } = await this.#link.call<{ past: Past | null }>('device.at', { deviceId, atMs });
    return past;
  }

  async noticeTrouble(): ReturnType<Gate['noticeTrouble']> {
    const { notices = null } = await this.#link.call<{ notices?: NoticeTrouble | null }>('status', {});
    return notices;
  }

  watch(tell: (row: WatchRow) => void, signal: AbortSignal, ready: () => void): Promise<void> {
    return this.#link.listen(
      (event, payload, atMs) => {
        if (event.startsWith('device.') || event.startsWith('gateway.')) tell(eventRow(event, payload, atMs));
      },
      signal,
      ready,
    );
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

/** A row of a gateway that does not say what is missing: then all that is asked for may be. */
function completed(row: PendingRow): PendingRow {
  return { ...row, scopes: row.scopes ?? [], missing: row.missing ?? row.scopes ?? [] };
}

function completedPaired(row: PairedRow): PairedRow {
  return { ...row, roles: row.roles ?? [row.role], scopes: row.scopes ?? [], tokens: row.tokens ?? [] };
}

function eventRow(type: string, payload: Readonly<Record<string, unknown>>, atMs: number): WatchRow {
  const text = (key: string): string | null => (typeof payload[key] === 'string' ? payload[key] : null);
  const scopes = Array.isArray(payload.scopes) ? payload.scopes.map(String) : undefined;
  return {
    atMs,
    type,
    deviceId: text('deviceId'),
    role: text('role'),
    detail: {
      request: text('requestId'),
      address: text('remoteIp'),
      client: text('clientId'),
      ...(scopes && { scopesTo: scopes }),
      ...(text('decision') !== null && { outcome: text('decision') as 'approved' }),
    },
  };
}
