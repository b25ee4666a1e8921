/**
 * openclaw/openclaw#21688 in one terminal: `npm run demo`. Ends with 1 when the story does not come out as told.
 * `--fast` leaves the program alone for 2.5 seconds instead of 15, and holds it longer: a machine that is busy with other
 * tests may need more than 2 seconds to start the command that approves.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tellAfter } from './after.ts';
import { tellBefore } from './before.ts';
import { expectStory, type Figures } from './story.ts';
import { columns, Teller } from './teller.ts';

const PACE = process.argv.includes('--fast')
  ? { aloneMs: 2500, serveOptions: ['--slice', 'backend@3=3s'] }
  : { aloneMs: 15_000, serveOptions: [] };

const INTRODUCTION = `A gateway, a paired computer, and a program on it (openclaw/openclaw#21688).

The owner rotates the computer's rights. The program needs operator.read and operator.write, which they do not
list any more. It tries again one second after each close, as the clients of OpenClaw 2026.2.19 do at first.
Everything here really runs: each gateway, command and program is a process, on sockets of this machine.`;

const ms = (figures: Figures): string =>
  `${figures.approvalToHelloMs} ms, ${figures.sameSocket ? 'same socket' : 'another socket'}`;

const closes = (figures: Figures): string =>
  `${figures.closes}${figures.toldToWait === figures.closes ? ', each told to come back' : ''}`;

function table(before: Figures, after: Figures): string {
  const row = (what: string, cell: (figures: Figures) => string | number): string[] => [
    what,
    String(cell(before)),
    String(cell(after)),
  ];
  return columns([
    ['', '2026.2.19, emulated', 'Antechamber'],
    row('while operator.admin is held', (figures) => figures.withAdmin),
    row('after it is rotated away: connects until let in', (figures) => figures.attempts),
    row('  of them closed with 1008', closes),
    row('  lines that the search finds in the log', (figures) => figures.logLines),
    row('  requests to approve', (figures) => figures.requests),
    row("  the owner's command line on that computer", (figures) => figures.ownCommand),
    row('  from approval to let in', ms),
    row('  requests after that', (figures) => figures.requestsAfter),
    row('what the owner does', ({ ownCommand }) =>
      ownCommand === 'works' ? 'approves once' : 'finds a second computer',
    ),
  ]);
}

function checkStory(before: Figures, after: Figures): void {
  expectStory(before.withAdmin === 'refused', 'the emulation refuses although the device holds admin');
  expectStory(
    before.closes === before.attempts - 1,
    'the emulation closes every attempt before the approval',
  );
  expectStory(before.logLines >= before.closes, 'the emulation writes a line for each attempt');
  expectStory(after.withAdmin === 'let in', 'admin covers read and write');
  expectStory(after.attempts >= 2, 'the program came back while it had to wait');
  expectStory(after.toldToWait === after.closes, 'whoever is sent away while it waits is told to come back');
  expectStory(after.logLines === 1, `one line in the log, not ${after.logLines}`);
  expectStory(after.requests === 1, 'one request');
  expectStory(after.sameSocket, 'the approval reaches the socket that waits');
  expectStory(after.requestsAfter === 0, 'nothing is asked for again');
}

const folder = mkdtempSync(join(tmpdir(), 'antechamber-demo-'));
const teller = new Teller();
try {
  teller.plain(INTRODUCTION);
  const setting = { teller, folder, token: randomBytes(24).toString('base64url'), ...PACE };
  const before = await tellBefore(setting);
  const after = await tellAfter(setting);
  teller.plain(`\n${table(before, after)}`);
  checkStory(before, after);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
