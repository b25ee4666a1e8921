import { readFileSync } from 'node:fs';
import { STYLE } from './style.ts';

/** A file as it is served. */
interface Page {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Beside this file, in the sources as in what is built of them. */
const script = (name: string): string => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');

const LOCAL = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Antechamber: live actors</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="viewer.css">
<script type="module" src="viewer.js"></script>
</head>
<body>
<header><h1>Live actors</h1><p id="status" role="status">connecting</p><p id="missed" hidden></p></header>
<main>
<section aria-labelledby="actors-title">
<h2 id="actors-title">Actors</h2>
<label>Show only <input id="filter" type="search" placeholder="paired, operator, 43c0bd…"></label>
<ul id="actors"></ul>
</section>
<section aria-labelledby="chart-title"><h2 id="chart-title">States</h2><div id="chart"></div></section>
<section aria-labelledby="events-title"><h2 id="events-title">Events</h2><ol id="events" reversed></ol></section>
</main>
</body>
</html>
`;

const HOSTED = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Antechamber in the Stately inspector</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="viewer.css">
<script type="module" src="hosted.js"></script>
</head>
<body class="hosted">
<p id="status" role="status">connecting</p>
<iframe title="Stately inspector" referrerpolicy="no-referrer"
  sandbox="allow-scripts allow-same-origin allow-popups"></iframe>
</body>
</html>
`;

/** Nothing inline, nothing from elsewhere, in no frame; only the hosted page may have one, of stately.ai. */
function headersFor(type: string, host: string, frames: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src 'self' ws://${host}`,
    `frame-src ${frames}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  return {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    // No page that opened this one keeps a hold of it; what it has in its own frame is not concerned.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

/** The page of that path; undefined where there is none. `host` was checked, so that it cannot carry a directive. */
export type PageAt = (path: string, host: string) => Page | undefined;

/** Reads all pages at once: where too many sockets are open no file can be, and a throw while somebody asks would end
 * the gateway. */
export function readPages(): PageAt {
  const pages = new Map([
    ['/', { type: 'text/html', body: LOCAL }],
    ['/hosted', { type: 'text/html', body: HOSTED }],
    ['/viewer.css', { type: 'text/css', body: STYLE }],
    ...['viewer.js', 'hosted.js', 'frames.js'].map(
      (name) => [`/${name}`, { type: 'text/javascript', body: script(name) }] as const,
    ),
  ]);
  return (path, host) => {
    const page = pages.get(path);
    if (!page) return undefined;
    const frames = path === '/hosted' ? 'https://stately.ai' : "'none'";
    return { body: page.body, headers: headersFor(page.type, host, frames) };
  };
}
