import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, BUNDLE, MANAGE, NEEDED } from './ask.ts';
import { makeDeviceKey } from './device-key.ts';
import { Installed, type Process, Program } from './processes.ts';
import { expectStory, type Figures, narrator, type Setting, searched } from './story.ts';
import type { Teller } from './teller.ts';

/** The story against Antechamber: `antechamber serve` and `antechamber devices ...`, each a process of its own. */
export async function tellAfter(setting: Setting): Promise<Figures> {
  const { teller, folder, serveOptions } = setting;
  teller.part('2. After: Antechamber');
  const installed = new Installed(folder);
  const words = ['serve', '--port', '0', ...serveOptions];
  teller.command(`antechamber ${words.join(' ')}`);
  const gateway = installed.start(...words);
  try {
    const url = await gateway.url();
    teller.at(`gateway: listening on ${url}`);
    return await tellOn(setting, gateway, url, installed);
  } finally {
    await gateway.stop();
  }
}

async function tellOn(
  setting: Setting,
  gateway: Process,
  url: string,
  installed: Installed,
): Promise<Figures> {
  const { teller, folder, aloneMs } = setting;
  const keyFile = join(folder, 'after.pem');
  const token = readFileSync(join(installed.state, 'shared-token'), 'utf8').trim();
  const device = makeDeviceKey(keyFile);
  await ask({ url, token, device }, null);
  teller.at(`owner:   a computer is paired with ${BUNDLE.join(' ')}`);

  const program = { url, keyFile, token, scopes: NEEDED, onTold: narrator(teller) };
  teller.at('program: starts on that computer, as in the report');
  const reported = new Program(program);
  await reported.hello().finally(() => reported.stop());
  teller.at(
    '         operator.admin covers operator.read and operator.write: no request, nothing to approve',
  );

  await owner(
    teller,
    installed,
    `devices rotate ${device.id.slice(0, 12)} --scope ${MANAGE.join(' --scope ')}`,
  );
  const from = gateway.lines.length;
  const running = new Program(program);
  try {
    await pause(aloneMs);
    const listed = await owner(teller, installed, 'devices list');
    const requests = waiting(listed);
    expectStory(requests === 1, `one request waits, not ${requests}`);
    const approval = /devices approve \S+/.exec(listed)?.[0] ?? '';
    const logged = searched(gateway.lines.slice(from));
    teller.at(`owner:   grep -cE 'scope-upgrade|pairing required' on the log: ${logged.length}`);
    logged.map((line) => teller.quote(line));

    const attempt = await nextHold(running);
    await owner(teller, installed, approval);
    const hello = await running.hello();
    const approvedAtMs = await settledAtMs(installed, device.id);
    const took = hello.atMs - approvedAtMs;
    teller.at(`         ${took} ms after the approval was written, on the socket that was waiting`);
    await running.stop();

    teller.at('program: starts once more');
    const again = new Program(program);
    await again.hello().finally(() => again.stop());
    const requestsAfter = waiting(await installed.run('devices', 'list'));
    teller.at(`owner:   requests now: ${requestsAfter}`);
    return {
      withAdmin: reported.count('hello') > 0 ? 'let in' : 'refused',
      attempts: hello.attempt,
      closes: running.count('closed'),
      toldToWait: running.toldToWait,
      logLines: searched(gateway.lines.slice(from)).length,
      requests,
      ownCommand: 'works',
      sameSocket: hello.attempt === attempt,
      approvalToHelloMs: took,
      requestsAfter,
    };
  } finally {
    await running.stop();
  }
}

/** A command of the owner, as it is typed, and what it says. */
async function owner(teller: Teller, installed: Installed, words: string): Promise<string> {
  teller.command(`antechamber ${words}`);
  const said = await installed.run(...words.split(' '));
  teller.quote(said);
  return said;
}

/** How many requests wait, as `devices list` says. */
function waiting(listed: string): number {
  return Number(/^Waiting \((\d+)\)/.exec(listed)?.[1]);
}

/** Waits until the program's newest socket has just begun to wait, so that the owner decides while it does. */
async function nextHold(program: Program): Promise<number> {
  const before = program.count('held');
  await program.until(() => (program.count('held') > before ? true : undefined));
  return program.count('opened');
}

/** When the request was settled, as the device's history has it. */
async function settledAtMs(installed: Installed, deviceId: string): Promise<number> {
  const text = await installed.run('devices', 'log', deviceId, '--json');
  const { events } = JSON.parse(text) as {
    readonly events: { readonly type: string; readonly atMs: number }[];
  };
  const settled = events.findLast(({ type }) => type === 'request.settled');
  if (!settled) throw new Error('the history holds no settled request');
  return settled.atMs;
}
