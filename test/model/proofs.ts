import type { IncomingMessage } from 'node:http';
import type { CredentialReading } from '../../src/gateway/credentials.ts';
import type { Signal } from './signal.ts';

/** The embedder's own check of credentials, which answers when the test says so. */
export class Proofs {
  readonly #signal: Signal;
  readonly #answer = Promise.withResolvers<CredentialReading>();
  #request: IncomingMessage | undefined;

  constructor(signal: Signal) {
    this.#signal = signal;
  }

  ask(request: IncomingMessage): Promise<CredentialReading> {
    this.#request = request;
    this.#signal.stir();
    return this.#answer.promise;
  }

  asked(): Promise<void> {
    return this.#signal.until(() => this.#request !== undefined);
  }

  answer(reading: CredentialReading): void {
    this.#answer.resolve(reading);
  }

  fail(error: Error): void {
    this.#answer.reject(error);
  }

  /** The gateway's side of the socket. */
  get peer(): IncomingMessage['socket'] {
    if (!this.#request) throw new Error('nobody has connected');
    return this.#request.socket;
  }
}
