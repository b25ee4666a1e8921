import { type Frame, RawClient, type TestDevice } from '../support/raw-client.ts';

export const BUNDLE = ['operator.admin', 'operator.approvals', 'operator.pairing'] as const;
export const MANAGE = ['operator.approvals', 'operator.pairing'] as const;
export const NEEDED = ['operator.read', 'operator.write'] as const;

export interface Command {
  readonly url: string;
  readonly device: TestDevice;
  readonly token: string;
}

/** How a command of the 2026.2.19 command line ended: it connects, calls one method and closes. */
export type CommandEnd =
  | { readonly ok: true; readonly payload: Frame['payload'] }
  | { readonly ok: false; readonly code: number; readonly reason: string };

/** Such a command always asks for operator.admin, operator.approvals and operator.pairing. */
export async function ask(
  { url, device, token }: Command,
  method: string | null,
  params?: unknown,
): Promise<CommandEnd> {
  const client = await RawClient.open(url);
  const hello = await client.connect({ device, scopes: [...BUNDLE], protocol: 3, auth: { token } });
  if (!hello.ok) return { ok: false, ...(await client.closed()) };
  const answer = method === null ? hello : await client.request(method, params);
  await client.end();
  if (!answer.ok) throw new Error(`${method} was refused: ${JSON.stringify(answer.error)}`);
  return { ok: true, payload: answer.payload };
}
