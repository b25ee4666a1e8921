import type { TestDevice } from '../protocol/device.ts';
import { connectParams, type Frame } from '../support/raw-client.ts';
import type { ClientEnd, Link } from './link.ts';
import type { Net } from './net.ts';
import type { World } from './world.ts';

/** What a stranger does to a gateway. */
export type Malice = 'asks' | 'guesses' | 'says nothing' | 'says nonsense' | 'says too much';

/** One connection of somebody whom nobody knows: it asks with a key made for this, guesses, or only takes up room. */
export class Stranger implements ClientEnd {
  readonly #world: World;
  readonly #malice: Malice;
  readonly #device: TestDevice;
  readonly #secret: string;
  #link: Link;

  constructor(
    world: World,
    net: Net,
    malice: Malice,
    who: { readonly device: TestDevice; readonly address: string; readonly secret: string },
  ) {
    this.#world = world;
    this.#malice = malice;
    this.#device = who.device;
    this.#secret = who.secret;
    this.#link = net.dial(this, 'stranger', { address: who.address, headers: {} });
    // It does not wait for ever.
    const stay = world.rng.between(1000, 120_000);
    world.after(stay, () => (world.rng.chance(0.3) ? this.#link.vanish() : this.#link.close(1000, '')));
  }

  onFrame({ event, payload }: Frame): void {
    if (event !== 'connect.challenge') return;
    const auth = { token: this.#malice === 'asks' ? this.#secret : 'a wrong guess' };
    const ask = {
      device: this.#device,
      scopes: ['operator.admin'],
      mode: 'backend',
      clientId: 'gateway-client',
      auth,
    };
    const connect = JSON.stringify({
      type: 'req',
      id: 'connect',
      method: 'connect',
      params: connectParams(ask, payload),
    });
    switch (this.#malice) {
      case 'says nothing':
        return;
      case 'says nonsense':
        return this.#link.send(JSON.stringify({ type: 'req', id: 'x', method: 'health' }));
      case 'says too much':
        this.#link.send(connect);
        for (let more = 0; more < 20; more++)
          this.#link.send(JSON.stringify({ type: 'req', id: `m${more}`, method: 'health' }));
        return;
      default:
        this.#link.send(connect);
        if (this.#world.rng.chance(0.1)) this.#link.send(connect);
    }
  }

  onClose(): void {}
}
