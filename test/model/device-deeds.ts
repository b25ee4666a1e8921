import { type AuthorizationRecord, newestRef } from '../../machines/record.ts';
import { formatRequestId, type RequestedScopes } from '../../machines/vocabulary.ts';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import type { Authority } from '../../src/authority/authority.ts';
import type { Deciding, Decision } from '../../src/authority/deciding.ts';
import { deviceOf, type RoleRecord, roleOf, UNKNOWN_ROLE } from '../../src/authority/device.ts';
import { forgive, remove, rename, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import type { Json } from '../../src/store/store.ts';
import { OWNER } from '../support/harness.ts';
import type { TestDevice } from '../support/raw-client.ts';

/** What an owner and the other programs of one device do to its operator record, beside the gateway under test. */
export class DeviceDeeds {
  readonly #deciding: Deciding;
  readonly #device: TestDevice;
  #labels = 0;

  /** `authority`: one of its own on the store without gates, as the command line would have. */
  constructor(authority: Authority, device: TestDevice) {
    this.#deciding = { authority, caller: OWNER, origin: {} };
    this.#device = device;
  }

  async stored(): Promise<RoleRecord> {
    const device = await this.#deciding.authority.load(this.#device.id);
    return device ? roleOf(device, 'operator') : UNKNOWN_ROLE;
  }

  async record(): Promise<AuthorizationRecord> {
    return (await this.stored()).record;
  }

  /** Another program of the same device asks. */
  async ask(wish: readonly string[]): Promise<void> {
    await this.#deciding.authority.access({
      deviceId: this.#device.id,
      publicKey: this.#device.publicKey,
      role: 'operator',
      wish: [...wish].sort() as readonly string[] as RequestedScopes,
      deviceToken: null,
      profile: { clientId: 'another-program' },
      local: false,
      probe: false,
      commandLine: false,
      origin: NO_ORIGIN,
    });
  }

  async approve(scopes: readonly string[] | null = null): Promise<void> {
    must(await approve(this.#deciding, await this.#newest(), scopes));
  }

  async reject(): Promise<void> {
    must(await reject(this.#deciding, await this.#newest()));
  }

  async forgive(): Promise<void> {
    must(await forgive(this.#deciding, this.#device.id));
  }

  async revoke(): Promise<void> {
    must(await revoke(this.#deciding, this.#device.id, 'operator'));
  }

  async remove(): Promise<void> {
    must(await remove(this.#deciding, this.#device.id));
  }

  async rotate(scopes: readonly string[] | null = null): Promise<void> {
    must(await rotate(this.#deciding, this.#device.id, 'operator', scopes));
  }

  /** A change that says nothing about rights. */
  async touch(): Promise<void> {
    this.#labels += 1;
    must(await rename(this.#deciding, this.#device.id, `label ${this.#labels}`));
  }

  /** No verb takes a grant away without a new token generation; a record that is mended by hand can. */
  async mendGrantAway(): Promise<void> {
    const { store } = this.#deciding.authority;
    const row = await store.load(this.#device.id);
    if (!row) throw new Error('there is no record to mend');
    const device = deviceOf(row);
    const { state, record } = roleOf(device, 'operator');
    const document = { ...device, roles: { operator: { state, record: { ...record, grant: [] } } } };
    const { deviceId, revision: expectedRevision, states, deadlineMs } = row;
    const note = { role: 'operator', atMs: 0, type: 'record.mended', requestId: null, detail: {} };
    const next = { document: document as unknown as Json, states, deadlineMs };
    const saved = await store.save({ deviceId, expectedRevision, next, events: [note], durable: true });
    if (saved === null) throw new Error('the record changed while it was mended');
  }

  async #newest(): Promise<string> {
    const { request } = await this.record();
    if (!request) throw new Error('no request is open');
    return formatRequestId(newestRef(request));
  }
}

function must<T>(decision: Decision<T>): void {
  if (!decision.ok) throw new Error(`an owner was refused: ${JSON.stringify(decision.denial)}`);
}
